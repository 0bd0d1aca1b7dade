// What can be completed of what stands before the cursor: names after @, commands after /.

/**
 * Find the completions of the text before the cursor.
 * known: {people: [{handle, name, isApp}], commands: [{command, description, usage_hint}]}.
 * Returns [{from, insert, name, hint, isApp}]: `insert` takes the place of all from `from` on.
 */
export function findCompletions(before, known) {
  return completeCommand(before, known.commands) ?? completeWord(before, known.commands) ?? completeName(before, known.people);
}

function completeCommand(before, commands) {
  if (!/^\/[\w-]*$/.test(before)) return null;
  return commands
    .filter((each) => each.command.startsWith(before) && each.command !== before)
    .map((each) => ({ from: 0, insert: `${each.command} `, name: each.command, hint: each.description ?? "" }));
}

/** A command's usage hint lists what may follow it: `help | ask … | settings`. */
function completeWord(before, commands) {
  const match = /^(\/[\w-]+)\s+([\w-]*)$/.exec(before);
  const command = match && commands.find((each) => each.command === match[1]);
  if (!command) return null;
  return (command.usage_hint ?? "").split("|")
    .map((usage) => ({ usage: usage.trim(), word: /^[\w-]+/.exec(usage.trim())?.[0] ?? "" }))
    .filter(({ word }) => word && word.startsWith(match[2]) && word !== match[2])
    .map(({ usage, word }) => ({
      from: before.length - match[2].length, insert: `${word} `,
      name: `${match[1]} ${word}`, hint: usage.slice(word.length).trim(),
    }));
}

function completeName(before, people) {
  const match = /(?:^|\s)@([\w.-]*)$/.exec(before);
  if (!match) return [];
  const start = match[1].toLowerCase();
  const found = people.filter((person) =>
    person.handle.startsWith(start) || person.name.toLowerCase().startsWith(start));
  if (found.length === 1 && found[0].handle === start) return [];
  return found.map((person) => ({
    from: before.length - match[1].length - 1, insert: `@${person.handle} `,
    name: person.name, hint: `@${person.handle}`, isApp: person.isApp,
  }));
}
