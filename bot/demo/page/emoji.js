// Emoji by the shortcodes that Slack writes, the ones people and the app use most.

const EMOJI = {
  "+1": "👍", "-1": "👎", "100": "💯", alarm_clock: "⏰", arrow_down: "⬇️", arrow_left: "⬅️",
  arrow_right: "➡️", arrow_up: "⬆️", arrows_counterclockwise: "🔄", bar_chart: "📊", bell: "🔔",
  blush: "😊", book: "📖", bookmark: "🔖", books: "📚", boom: "💥", brain: "🧠", broken_heart: "💔",
  bug: "🐛", bulb: "💡", calendar: "📅", card_index_dividers: "🗂️", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", clap: "👏", clipboard: "📋", clock3: "🕒", closed_lock_with_key: "🔐",
  coffee: "☕", confetti_ball: "🎊", construction: "🚧", cry: "😢", crying_cat_face: "😿",
  dart: "🎯", date: "📅", dizzy: "💫", double_vertical_bar: "⏸️", earth_africa: "🌍", email: "📧",
  exclamation: "❗", eyes: "👀", file_folder: "📁", fire: "🔥", flag: "🏳️", gear: "⚙️",
  globe_with_meridians: "🌐", green_heart: "💚", grey_question: "❔", grin: "😁", grinning: "😀",
  hammer_and_wrench: "🛠️", hand: "✋", handshake: "🤝", heart: "❤️", heavy_check_mark: "✔️",
  heavy_minus_sign: "➖", heavy_multiplication_x: "✖️", heavy_plus_sign: "➕", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", house: "🏠", hugging_face: "🤗", inbox_tray: "📥",
  information_source: "ℹ️", joy: "😂", key: "🔑", label: "🏷️", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡", laughing: "😆",
  link: "🔗", lock: "🔒", mag: "🔍", mailbox: "📫", megaphone: "📣", memo: "📝", moneybag: "💰",
  muscle: "💪", mute: "🔇", newspaper: "📰", no_entry: "⛔", no_entry_sign: "🚫", notebook: "📓",
  octagonal_sign: "🛑", ok: "🆗", ok_hand: "👌", one: "1️⃣", orange_heart: "🧡", outbox_tray: "📤",
  package: "📦", page_facing_up: "📄", paperclip: "📎", partying_face: "🥳", pencil: "📝",
  pencil2: "✏️", point_down: "👇", point_left: "👈", point_right: "👉", point_up: "☝️", pray: "🙏",
  pushpin: "📌", question: "❓", raised_hand: "✋", raised_hands: "🙌", recycle: "♻️", red_circle: "🔴",
  robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", scissors: "✂️", seedling: "🌱", shield: "🛡️",
  slightly_smiling_face: "🙂", smile: "😄", smiley: "😃", snail: "🐌", snowflake: "❄️", sob: "😭",
  sparkles: "✨", speaking_head_in_silhouette: "🗣️", speech_balloon: "💬", star: "⭐", star2: "🌟",
  stopwatch: "⏱️", sunglasses: "😎", sunny: "☀️", sweat_smile: "😅", tada: "🎉", test_tube: "🧪",
  thinking_face: "🤔", thought_balloon: "💭", three: "3️⃣", thumbsdown: "👎", thumbsup: "👍",
  tools: "🛠️", trophy: "🏆", two: "2️⃣", unlock: "🔓", upside_down_face: "🙃", v: "✌️", warning: "⚠️",
  wastebasket: "🗑️", wave: "👋", white_check_mark: "✅", white_circle: "⚪", wink: "😉", wrench: "🔧",
  x: "❌", yellow_heart: "💛", zap: "⚡", zzz: "💤",
};

/** The emoji of a shortcode; one that is not known stays as it is written. */
export const emoji = (name) => EMOJI[name.split("::")[0]] ?? `:${name}:`;

/** Replace the shortcodes in a text. */
export const replaceEmoji = (text) =>
  text.replace(/:([a-z0-9_+-]+(?:::skin-tone-\d)?):/g, (written, name) => emoji(name) || written);
