/** A page of docs/ as text, which the build includes in the program. */
declare module "*.md" {
  const text: string;
  export default text;
}
