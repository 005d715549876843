module.exports = "1";
