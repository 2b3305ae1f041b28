/* The box that completes what one types has no name for a screen reader: it takes its label's. */
'use strict';
{
    const name = function() {
        for (const box of document.querySelectorAll('select + .select2-container')) {
            const [label] = box.previousElementSibling.labels;
            const combobox = box.querySelector('[role="combobox"]');
            const chosen = box.querySelector('[role="textbox"]');
            if (!label || !combobox || !chosen) {
                continue;
            }
            label.id ||= `${box.previousElementSibling.id}-label`;
            combobox.setAttribute('aria-labelledby', `${label.id} ${chosen.id}`);
            chosen.setAttribute('aria-labelledby', label.id);
        }
    };
    // Not before the boxes are made, which jQuery does some time after the page is there.
    window.addEventListener('load', () => window.django?.jQuery?.(name));
    document.addEventListener('formset:added', () => setTimeout(name));
}
