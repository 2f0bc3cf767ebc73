export function render({ model, el }) {}
