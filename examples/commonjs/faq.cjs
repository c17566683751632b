// A list of questions and answers that a support script looks things up in. CommonJS: awaits stand in a function.
const { FluoriteBridge } = require('fluorite-bridge');

const FAQ = {
  'reset-password': 'Forgot your password? Choose "Reset" on the login page; the link is valid for an hour.',
  invoices: 'Invoices are sent by mail on the first of the month, and lie under Settings, Billing.',
  'delete-account': 'An account is deleted under Settings, Account; its data is gone after 30 days.',
};

async function main(path = './faq', question = 'where is my bill?') {
  const memory = new FluoriteBridge();
  await memory.initialize({ memory_path: path });
  try {
    await memory.storeChunks(Object.entries(FAQ).map(([id, content]) => ({ id, content })));
    const [best] = await memory.searchSimilar(question, 1);
    console.log(`${best.id}: ${best.content}`);
  } finally {
    await memory.shutdown(); // a process that exits without it loses nothing that was acknowledged
  }
}

main(...process.argv.slice(2)).catch((e) => {
  console.error(`${e.code ?? e.name}: ${e.message}`);
  process.exitCode = 1;
});
