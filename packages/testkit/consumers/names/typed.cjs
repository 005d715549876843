// Prints the values that these packages export, as their types have them.
const process = require("node:process");
const ts = require("typescript");

const options = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };
const entryPoints = process.argv.slice(2);
const files = entryPoints.map((entryPoint) => {
  const { resolvedModule } = ts.resolveModuleName(entryPoint, __filename, options, ts.sys);
  return resolvedModule.resolvedFileName;
});
const program = ts.createProgram(files, options);
const checker = program.getTypeChecker();

const isValue = (symbol) => {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return Boolean(target.flags & ts.SymbolFlags.Value);
};
const namesIn = (file) => {
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(file));
  return checker
    .getExportsOfModule(symbol)
    .filter(isValue)
    .map(({ name }) => name)
    .sort();
};
console.log(
  JSON.stringify(Object.fromEntries(entryPoints.map((entryPoint, at) => [entryPoint, namesIn(files[at])]))),
);
