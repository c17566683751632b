import bridge from './index.js';

export const { FluoriteBridge, FluoriteError, isFluoriteError, salvage } = bridge;
