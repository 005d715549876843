export default function Home() {
  return <p>React Router works.</p>;
}
