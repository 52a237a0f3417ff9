var e=e=>Object.fromEntries(e.split(`
`).map(e=>/^\s*([^=\s]+)=(.*)$/.exec(e)).flatMap(e=>e?[[e[1],e[2]]]:[])),t=e=>Object.entries(e).map(([e,t])=>`${e}=${t}`).join(`
`);export{e as n,t};