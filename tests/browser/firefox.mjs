// The main ways through the desk in Firefox, driven over WebDriver BiDi; tests/browser/firefox.py runs it.
//
//   node firefox.mjs FLOW BASE_URL ARGUMENTS
//
// Each flow logs in, does what a curator does with mouse and keys, and returns when the page shows it.
// What the records say afterwards is checked by the caller. The exit status is 1 if anything fails.
import { createRequire } from "node:module";

const puppeteer = createRequire(`${process.env.PACKAGES}/`)("puppeteer-core");
const [flow, base, argument] = process.argv.slice(2);
const given = JSON.parse(argument);

async function until(page, holds, ...args) {
    // Puppeteer's own waitForFunction compiles text in the page, which the page's policy forbids.
    for (const end = Date.now() + 20_000; ; ) {
        if (await page.evaluate(holds, ...args).catch(() => false)) return;
        if (Date.now() > end) throw new Error(`waited in vain for ${holds} of ${args}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

const shows = (page, selector, words) =>
    until(
        page,
        (selector, words) =>
            Array.from(document.querySelectorAll(selector)).some((each) => each.textContent.includes(words)),
        selector,
        words,
    );

const exists = (page, selector) => until(page, (selector) => document.querySelector(selector) !== null, selector);

async function logIn(page) {
    await page.goto(`${base}/admin/`);
    await page.type("#id_username", given.name);
    await page.type("#id_password", given.password);
    await Promise.all([page.waitForNavigation(), page.click("input[type=submit]")]);
}

async function review(page, article = given.article) {
    await page.goto(`${base}/admin/quotes/review/${article}/`);
    await exists(page, "#review[data-ready]");
}

const chosen = (page, words) => shows(page, ".chosen-quote blockquote", words);

async function press(page, ...keys) {
    for (const key of keys) await page.keyboard.press(key);
}

const flows = {
    async clear_the_queue_by_keyboard(page) {
        await review(page);
        for (const words of given.words) {
            await chosen(page, words);
            await press(page, "p");
        }
        await until(page, () => location.pathname === "/admin/quotes/review/");
    },

    async undo(page) {
        await review(page);
        for (const words of given.words) {
            await chosen(page, words);
            await press(page, "p");
        }
        await until(page, () => location.pathname === "/admin/quotes/review/");
        await review(page);
        for (const words of given.words.toReversed()) {
            await press(page, "u");
            await chosen(page, words);
        }
    },

    async select_words_by_keyboard(page) {
        await review(page);
        await chosen(page, given.words[0]);
        await press(page, "a", "ArrowRight", "ArrowRight", "Enter");
        await chosen(page, given.words[1]);
    },

    async add_a_quote_with_the_mouse(page) {
        await review(page);
        const box = await page.evaluate((words) => {
            const walker = document.createTreeWalker(document.getElementById("text"), NodeFilter.SHOW_TEXT);
            for (let node; (node = walker.nextNode()); ) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + words.length);
                const { left, right, top, bottom } = range.getBoundingClientRect();
                return { left, right, middle: (top + bottom) / 2 };
            }
        }, given.words);
        await page.mouse.move(box.left + 0.5, box.middle);
        await page.mouse.down();
        await page.mouse.move(box.right - 0.5, box.middle, { steps: 5 });
        await page.mouse.up();
        await press(page, "n", "Enter");
        await until(page, () => document.activeElement.closest("#add form") !== null);
        await page.type("#id_add-speaker", given.speaker);
        await page.keyboard.down("Control");
        await press(page, "Enter");
        await page.keyboard.up("Control");
        await chosen(page, given.words);
    },

    async choose_a_speaker(page) {
        await review(page);
        await press(page, "s");
        await exists(page, ".select2-dropdown .select2-search__field");
        await page.type(".select2-dropdown .select2-search__field", given.search);
        await shows(page, ".select2-results__option--highlighted", given.speaker);
        await press(page, "Enter");
        await until(page, () => document.activeElement.closest("#step-assign button") !== null);
        await press(page, "Enter");
        await shows(page, "#toasts", "Reassigned");
    },

    async merge_two_speakers(page) {
        await page.goto(`${base}${given.address}`);
        await exists(page, "input.default[type=submit]");
        await Promise.all([page.waitForNavigation(), page.click("input.default[type=submit]")]);
        await shows(page, ".messagelist", given.speaker);
    },
};

const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: given.firefox,
    headless: true,
    args: ["--width=1280", "--height=800"],
    defaultViewport: null, // Firefox 140 cannot set it: it lacks a command that Puppeteer sends with it
});
let failed = false;
try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => {
        failed = true;
        console.error(`error on the page: ${error}`);
    });
    await logIn(page);
    await flows[flow](page);
} catch (error) {
    failed = true;
    console.error(error);
} finally {
    await browser.close();
}
process.exitCode = failed ? 1 : 0;
