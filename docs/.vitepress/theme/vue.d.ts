// vue-tsc reads the files of Vue themselves. tsc can't.
declare module "*.vue" {
  const component: import("vue").Component;
  export default component;
}
