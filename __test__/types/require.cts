// Compiled, never run: the same from CommonJS.
import expect = require('expect-type');
import fluorite = require('fluorite-bridge');

const bridge = new fluorite.FluoriteBridge();
expect.expectTypeOf(bridge.initialize({ memory_path: './memory' })).resolves.toBeVoid();
expect.expectTypeOf(fluorite.isFluoriteError).guards.toEqualTypeOf<fluorite.FluoriteError>();
