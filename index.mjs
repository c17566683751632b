import bridge from './index.js';

export const { FluoriteBridge, FluoriteError, isFluoriteError } = bridge;
