/** A port of the host that a program beside the cluster holds; the fake network has it as an option. */
export const OCCUPIED = Object.freeze({ fake: 18_970, process: 18_971, docker: 18_972 });
