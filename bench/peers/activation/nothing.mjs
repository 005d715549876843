// An empty module, which takes the shortest time to import.
export default undefined;
