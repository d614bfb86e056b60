#include "gui/settings/answerform.h"

#include <algorithm>

#include <QDoubleSpinBox>
#include <QFontMetrics>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QTextCursor>
#include <QVBoxLayout>

#include "gui/settings/picturefields.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/hairline.h"
#include "gui/widgets/note.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {

constexpr int tokenStep = 32;
constexpr int longestOnSlider = 4096; // more is typed

QVBoxLayout* column(QWidget* widget)
{
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    return layout;
}

/// What is said where there is something to say.
QLabel* makeHint(QWidget* parent)
{
    QLabel* hint = makeNote(parent);
    hint->setForegroundRole(QPalette::PlaceholderText);
    hint->hide();
    return hint;
}

/// The small button that takes a control back to its default; keeps its room while it is hidden.
Button* makeReset(const QString& caption, QWidget* parent)
{
    auto* reset = new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, parent);
    reset->setAccessibleName(AnswerForm::tr("Default for %1").arg(caption));
    const int side = parent->fontMetrics().height() + 8;
    reset->setFixedSize(side, side);
    QSizePolicy kept = reset->sizePolicy();
    kept.setRetainSizeWhenHidden(true);
    reset->setSizePolicy(kept);
    return reset;
}

} // namespace

AnswerForm::AnswerForm(QWidget* parent)
    : QWidget(parent), m_options(AnswerOptions::builtIn()), m_defaults(m_options)
{
    auto* layout = column(this);
    layout->setSpacing(13);
    layout->addWidget(makeSampling());
    layout->addWidget(new Hairline);
    layout->addWidget(makeThinking());
    m_overPictures = new Hairline;
    m_pictures = new PictureFields(this);
    layout->addWidget(m_overPictures);
    layout->addWidget(m_pictures);
    const std::vector<ValueSlider*> sliders = m_pictures->sliders();
    m_sliders.insert(m_sliders.end(), sliders.begin(), sliders.end());
    connect(m_pictures, &PictureFields::edited, this,
            [this] { change([this](AnswerOptions& o) { m_pictures->copyTo(o); }); });
    layout->addWidget(new Hairline);
    layout->addWidget(makeSystemPrompt());
    setDefaults(m_defaults, tr("Back to %1, as Argali comes"));
}

/// A switch over its whole row, with its default button before the switch itself.
ToggleSwitch* AnswerForm::addSwitch(QVBoxLayout* layout, const QString& caption,
                                    const QString& description,
                                    const std::function<bool&(AnswerOptions&)>& field)
{
    QWidget* part = layout->parentWidget();
    auto* toggle = new ToggleSwitch(caption, part);
    toggle->setAccessibleName(caption);
    toggle->setToolTip(description);
    toggle->setAccessibleDescription(description);
    Button* reset = makeReset(caption, part);
    auto* before = new QHBoxLayout;
    before->addStretch(1);
    before->addWidget(reset);
    before->addSpacing(toggle->trackWidth() + 10);
    auto* row = new QGridLayout;
    row->addWidget(toggle, 0, 0);
    row->addLayout(before, 0, 0);
    layout->addLayout(row);
    connect(toggle, &ToggleSwitch::toggled, this, [this, field](bool on) {
        change([&](AnswerOptions& options) { field(options) = on; });
    });
    connect(reset, &Button::clicked, toggle,
            [this, toggle, field] { toggle->setChecked(field(m_defaults)); });
    m_shows.push_back([this, toggle, reset, field] {
        toggle->setChecked(field(m_options));
        reset->setVisible(field(m_options) != field(m_defaults));
        reset->setEnabled(toggle->isEnabled());
        reset->setToolTip(m_sentence.arg(field(m_defaults) ? tr("on") : tr("off")));
    });
    return toggle;
}

ValueSlider* AnswerForm::addSlider(QVBoxLayout* layout, const QString& caption,
                                   const QString& description, const Track& track,
                                   const std::function<double(const AnswerOptions&)>& get,
                                   const std::function<void(AnswerOptions&, double)>& set)
{
    auto* slider =
        new ValueSlider(caption, {track.minimum, track.maximum, track.step, track.decimals},
                        get(m_defaults), layout->parentWidget());
    slider->setDescription(description);
    layout->addWidget(slider);
    connect(slider, &ValueSlider::valueChanged, this, [this, set](double value) {
        change([&](AnswerOptions& options) { set(options, value); });
    });
    m_sliders.push_back(slider);
    m_shows.push_back([this, slider, get] {
        slider->setValue(get(m_options));
        slider->setDefault(get(m_defaults), m_sentence);
    });
    return slider;
}

QWidget* AnswerForm::makeSampling()
{
    auto* part = new QWidget(this);
    QVBoxLayout* layout = column(part);
    m_sampling = addSwitch(layout, tr("Sampling"),
                           tr("On: words are drawn at random by their probability, answers differ. "
                              "Off: always the most likely word, answers repeat exactly."),
                           [](AnswerOptions& o) -> bool& { return o.sampling.enabled; });
    const auto add = [&](QVBoxLayout* to, const QString& caption, const QString& description,
                         const Setting<double>& setting, double step, float Sampling::*field) {
        return addSlider(
            to, caption, description, {setting.minimum, setting.maximum, step, 2},
            [field](const AnswerOptions& o) { return double(o.sampling.*field); },
            [field](AnswerOptions& o, double value) { o.sampling.*field = float(value); });
    };
    m_temperature =
        add(layout, tr("Temperature"),
            tr("How far answers stray from the most likely words: 0 not at all, 2 wildly."),
            settings::temperature, 0.05, &Sampling::temperature);
    m_more = new Disclosure(tr("Top-p, top-k, min-p, penalty, seed"), part);
    layout->addWidget(m_more);
    QVBoxLayout* more = m_more->contentLayout();
    add(more, tr("Top-p"),
        tr("Draws from the fewest words that together have this probability. 1 draws from all."),
        settings::topP, 0.05, &Sampling::topP);
    ValueSlider* topK = addSlider(
        more, tr("Top-k"), tr("Draws from this many most likely words. 0 draws from all."),
        {double(settings::topK.minimum), double(settings::topK.maximum), 1, 0},
        [](const AnswerOptions& o) { return o.sampling.topK; },
        [](AnswerOptions& o, double value) { o.sampling.topK = int(value); });
    topK->setSpecialValueText(tr("All"));
    add(more, tr("Min-p"),
        tr("Leaves out words less likely than this part of the likeliest one's probability."),
        settings::minP, 0.01, &Sampling::minP);
    add(more, tr("Repetition penalty"),
        tr("Makes words that were used already less likely. 1 changes nothing."),
        settings::repetitionPenalty, 0.05, &Sampling::repetitionPenalty);
    ValueSlider* seed = addSlider(
        more, tr("Seed"),
        tr("The same seed draws the same answer again. 0 takes a new one each time."),
        {double(settings::seed.minimum), double(settings::seed.maximum), 1, 0},
        [](const AnswerOptions& o) { return double(o.sampling.seed.value_or(0)); },
        [](AnswerOptions& o, double value) {
            o.sampling.seed = value > 0 ? std::optional(uint64_t(value)) : std::nullopt;
        });
    seed->setSpecialValueText(tr("New"));
    addSuggestion(layout);
    return part;
}

/// What the files of a model say about sampling; the seed stays the user's.
void AnswerForm::addSuggestion(QVBoxLayout* layout)
{
    m_suggested =
        new Button(Button::Kind::Outlined, {}, tr("As the model suggests"), layout->parentWidget());
    m_suggested->setAccessibleName(m_suggested->text());
    m_suggested->hide();
    layout->addWidget(m_suggested, 0, Qt::AlignLeft);
    connect(m_suggested, &Button::clicked, this, [this] {
        change([this](AnswerOptions& o) {
            const std::optional<uint64_t> seed = o.sampling.seed;
            o.sampling = *m_suggestion;
            o.sampling.seed = seed;
        });
    });
}

QWidget* AnswerForm::makeThinking()
{
    auto* part = new QWidget(this);
    QVBoxLayout* layout = column(part);
    m_thinking =
        addSwitch(layout, tr("Thinking"),
                  tr("The model writes down its thoughts before it answers. Slower, often better."),
                  [](AnswerOptions& o) -> bool& { return o.thinking; });
    m_thinking->setIconName(QStringLiteral("thinking"));
    m_thinkingHint = makeHint(part);
    m_thinkingHint->setText(tr("This model cannot think before it answers."));
    layout->addWidget(m_thinkingHint);
    m_hasBudget = addSwitch(
        layout, tr("Thinking budget"),
        tr("On: thinking ends at the budget at the latest. Off: the model thinks as long as the "
           "longest answer lets it."),
        [](AnswerOptions& o) -> bool& { return o.hasBudget; });
    // They hold each other visibly; each move pushes the other just as far as needed.
    m_budget = addSlider(
        layout, tr("Budget"), tr("The most tokens the model may think before it must answer."),
        {double(settings::thinkingBudget.minimum), longestOnSlider - answerReserve, tokenStep, 0},
        [](const AnswerOptions& o) { return o.thinkingBudget; },
        [this](AnswerOptions& o, double value) {
            o.thinkingBudget = std::min(int(value), longestPossible() - answerReserve);
            if (o.hasBudget)
                o.longestAnswer = std::max(o.longestAnswer, o.thinkingBudget + answerReserve);
        });
    m_budget->setHint(tr("The model stops thinking at this many tokens and answers."));
    m_budget->setTypedMaximum(settings::thinkingBudget.maximum);
    m_longest = addSlider(
        layout, tr("Longest answer"),
        tr("The answer ends after this many tokens, thinking included. More than the slider has "
           "can be typed, up to the context of the model."),
        {double(settings::longestAnswer.minimum), longestOnSlider, tokenStep, 0},
        [](const AnswerOptions& o) { return o.longestAnswer; },
        [this](AnswerOptions& o, double value) {
            o.longestAnswer = std::min(int(value), longestPossible());
            if (o.hasBudget)
                o.thinkingBudget = std::min(o.thinkingBudget, o.longestAnswer - answerReserve);
        });
    m_longest->setTypedMaximum(settings::longestAnswer.maximum);
    m_note = makeHint(part);
    layout->addWidget(m_note);
    return part;
}

QWidget* AnswerForm::makeSystemPrompt()
{
    auto* part = new QWidget(this);
    QVBoxLayout* layout = column(part);
    layout->setSpacing(6);
    auto* caption = new QLabel(tr("System prompt"), part);
    Button* reset = makeReset(caption->text(), part);
    m_system = new QPlainTextEdit(part);
    caption->setBuddy(m_system);
    m_system->setProperty("field", true); // framed by the style sheet
    m_system->setFrameShape(QFrame::NoFrame);
    m_system->setAccessibleName(caption->text());
    m_system->setToolTip(
        tr("Said to the model before every conversation, for example how to answer"));
    m_system->setPlaceholderText(tr("None"));
    m_system->setTabChangesFocus(true);
    m_system->setFixedHeight(fontMetrics().lineSpacing() * 4 + 16);
    m_promptNote = makeHint(part);
    m_promptNote->setText(
        tr("A system prompt has room for %1 characters.").arg(QLocale().toString(longestPrompt)));
    auto* row = new QHBoxLayout;
    row->addWidget(caption, 1);
    row->addWidget(reset);
    layout->addLayout(row);
    layout->addWidget(m_system);
    layout->addWidget(m_promptNote);
    connect(m_system, &QPlainTextEdit::textChanged, this, &AnswerForm::takeSystemPrompt);
    connect(reset, &Button::clicked, this, &AnswerForm::resetSystemPrompt);
    m_shows.push_back([this, reset] {
        if (m_system->toPlainText() != m_options.systemPrompt) // else the caret would jump
            m_system->setPlainText(m_options.systemPrompt);
        reset->setVisible(m_options.systemPrompt != m_defaults.systemPrompt);
        reset->setToolTip(
            m_sentence.arg(m_defaults.systemPrompt.isEmpty() ? tr("none") : tr("the default")));
    });
    return part;
}

void AnswerForm::takeSystemPrompt()
{
    if (m_showing)
        return;
    const bool tooLong = m_system->toPlainText().size() > longestPrompt;
    if (tooLong) { // what was there before stays whole, and a paste is still on the clipboard
        const QSignalBlocker block(m_system);
        m_system->undo();
        if (m_system->toPlainText().size() > longestPrompt)
            m_system->setPlainText(m_options.systemPrompt);
    }
    m_promptNote->setVisible(tooLong);
    change([this](AnswerOptions& o) { o.systemPrompt = m_system->toPlainText(); });
}

/// As an edit, so that Ctrl+Z brings back what was written.
void AnswerForm::resetSystemPrompt()
{
    QTextCursor cursor(m_system->document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(m_defaults.systemPrompt);
    m_system->setFocus();
}

/// Of the user's moves; what a larger model was given stays until then.
int AnswerForm::longestPossible() const
{
    if (m_context <= 0)
        return settings::longestAnswer.maximum;
    return int(std::clamp<qint64>(m_context, longestOnSlider, settings::longestAnswer.maximum));
}

void AnswerForm::change(const std::function<void(AnswerOptions&)>& how)
{
    if (m_showing)
        return;
    const AnswerOptions before = m_options;
    how(m_options);
    if (m_options.hasBudget && !before.hasBudget) // it comes into what there is
        m_options.thinkingBudget =
            std::min(m_options.thinkingBudget, m_options.longestAnswer - answerReserve);
    showState();
    if (!m_options.isLike(before))
        emit edited(m_options);
}

void AnswerForm::setOptions(const AnswerOptions& options)
{
    m_options = options.held();
    m_promptNote->hide();
    showState();
}

void AnswerForm::setDefaults(const AnswerOptions& defaults, const QString& sentence)
{
    m_defaults = defaults.held();
    m_sentence = sentence;
    showState();
}

void AnswerForm::setModel(const std::optional<LoadedModel>& model)
{
    m_canThink = !model || model->info.thinks;
    m_context = model ? model->context : 0;
    m_pictures->setModel(model);
    m_suggestion.reset();
    if (model && model->sampling) {
        AnswerOptions suggested;
        suggested.sampling = *model->sampling;
        m_suggestion = suggested.held().sampling;
    }
    showState();
}

void AnswerForm::commitTyped()
{
    for (ValueSlider* slider : m_sliders)
        slider->number()->interpretText();
}

QString AnswerForm::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

void AnswerForm::showSuggestion()
{
    AnswerOptions suggested = m_options;
    if (m_suggestion) {
        suggested.sampling = *m_suggestion;
        suggested.sampling.seed = m_options.sampling.seed;
    }
    m_suggested->setVisible(!suggested.isLike(m_options));
    if (!m_suggestion)
        return;
    const QLocale locale;
    const Sampling& s = *m_suggestion;
    m_suggested->setToolTip(
        s.enabled
            ? tr("Temperature %1, top-p %2, top-k %3, penalty %4, as its files say")
                  .arg(locale.toString(s.temperature, 'g', 3), locale.toString(s.topP, 'g', 3),
                       locale.toString(s.topK), locale.toString(s.repetitionPenalty, 'g', 3))
            : tr("Without sampling, as its files say"));
}

void AnswerForm::showState()
{
    m_showing = true;
    m_temperature->setEnabled(m_options.sampling.enabled);
    m_more->setEnabled(m_options.sampling.enabled);
    m_thinking->setEnabled(m_canThink);
    m_thinkingHint->setVisible(!m_canThink);
    m_hasBudget->setEnabled(m_canThink && m_options.thinking);
    m_budget->setEnabled(m_hasBudget->isEnabled() && m_options.hasBudget);
    m_longest->setHint(
        m_options.hasBudget
            ? tr("In tokens, thinking included. At least budget + %1.").arg(answerReserve)
            : tr("In tokens, thinking included."));
    const bool full = m_context > 0 && m_options.longestAnswer >= m_context;
    m_note->setVisible(full);
    if (full)
        m_note->setText(tr("The context of the open model has %1 tokens, and answers end there.")
                            .arg(QLocale().toString(qlonglong(m_context))));
    for (const auto& show : m_shows)
        show();
    m_pictures->show(m_options, m_defaults, m_sentence);
    m_pictures->setVisible(!m_pictures->isEmpty());
    m_overPictures->setVisible(!m_pictures->isEmpty());
    showSuggestion();
    m_showing = false;
}

} // namespace argali::gui
