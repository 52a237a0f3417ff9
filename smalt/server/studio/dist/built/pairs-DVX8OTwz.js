var e=e=>Object.fromEntries(e.split(`
`).map(e=>/^\s*([^=\s]+)=(.*)$/.exec(e)).flatMap(e=>e?[[e[1],e[2]]]:[])),t=e=>e.split(`
`).every(e=>!e.trim()||/^\s*[^=\s]+=/.test(e)),n=e=>Object.entries(e).map(([e,t])=>`${e}=${t}`).join(`
`);export{n,e as r,t};