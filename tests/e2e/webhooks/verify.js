// Verifies pushes with the published library. Standard input: one JSON object a line with secret, headers and body; standard
// output: a line each, "good", or why not.
const { Webhook } = require("standardwebhooks");
const lines = require("node:readline").createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(body, headers);
    console.log("good");
  } catch (error) {
    console.log(error.message);
  }
});
