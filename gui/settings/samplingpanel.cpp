#include "gui/settings/samplingpanel.h"

#include <algorithm>

#include <QFontMetrics>
#include <QLabel>
#include <QPlainTextEdit>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/hairline.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {

constexpr int tokenStep = 32;

/// A slider bound to one setting.
template <class T>
ValueSlider* bind(Settings& store, const Setting<T>& setting, const QString& caption, double step,
                  int decimals, QWidget* parent)
{
    auto* slider =
        new ValueSlider(caption, {double(setting.minimum), double(setting.maximum), step, decimals},
                        double(setting.fallback), parent);
    slider->setValue(double(store.value(setting)));
    QObject::connect(slider, &ValueSlider::valueChanged, slider,
                     [&store, setting](double value) { store.set(setting, T(value)); });
    return slider;
}

QVBoxLayout* column(QWidget* widget)
{
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    return layout;
}

} // namespace

SamplingPanel::SamplingPanel(Settings& settings, QWidget* parent)
    : QScrollArea(parent), m_settings(settings)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    setBackgroundRole(QPalette::Base);
    viewport()->setBackgroundRole(QPalette::Base);
    auto* page = new QWidget(this);
    page->setBackgroundRole(QPalette::Base);
    page->setAutoFillBackground(true);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(16, 14, 16, 14);
    layout->setSpacing(13);
    auto* title = new QLabel(tr("Answer"), page);
    title->setFont(scaledFont(font(), 1, QFont::DemiBold));
    layout->addWidget(title);
    layout->addWidget(makeSampling());
    layout->addWidget(new Hairline);
    layout->addWidget(makeThinking());
    layout->addWidget(new Hairline);
    layout->addWidget(makeSystemPrompt());
    layout->addStretch(1);
    setWidget(page);

    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::thinking.key)
            m_thinking->setChecked(m_settings.value(settings::thinking));
        else if (key == settings::sampling.key)
            m_sampling->setChecked(m_settings.value(settings::sampling));
        showState();
    });
    showState();
}

QWidget* SamplingPanel::makeSampling()
{
    auto* part = new QWidget(this);
    auto* layout = column(part);
    m_sampling = new ToggleSwitch(tr("Sampling"), part);
    m_sampling->setToolTip(tr("On: words are drawn at random by their probability, answers differ. "
                              "Off: always the most likely word, answers repeat exactly."));
    m_sampling->setChecked(m_settings.value(settings::sampling));
    connect(m_sampling, &ToggleSwitch::toggled, this,
            [this](bool on) { m_settings.set(settings::sampling, on); });

    m_temperature = bind(m_settings, settings::temperature, tr("Temperature"), 0.05, 2, part);
    m_temperature->setDescription(
        tr("How far answers stray from the most likely words: 0 not at all, 2 wildly."));

    m_more = new Disclosure(tr("Top-p, top-k, min-p, penalty, seed"), part);
    m_more->setOpen(m_settings.value(settings::moreSampling));
    connect(m_more, &Disclosure::toggled, this,
            [this](bool open) { m_settings.set(settings::moreSampling, open); });
    QVBoxLayout* more = m_more->contentLayout();
    const auto add = [&](ValueSlider* slider, const QString& description) {
        slider->setDescription(description);
        more->addWidget(slider);
    };
    add(bind(m_settings, settings::topP, tr("Top-p"), 0.05, 2, part),
        tr("Draws from the fewest words that together have this probability. 1 draws from all."));
    auto* topK = bind(m_settings, settings::topK, tr("Top-k"), 1, 0, part);
    topK->setSpecialValueText(tr("All"));
    add(topK, tr("Draws from this many most likely words. 0 draws from all."));
    add(bind(m_settings, settings::minP, tr("Min-p"), 0.01, 2, part),
        tr("Leaves out words less likely than this part of the likeliest one's probability."));
    add(bind(m_settings, settings::repetitionPenalty, tr("Repetition penalty"), 0.05, 2, part),
        tr("Makes words that were used already less likely. 1 changes nothing."));
    auto* seed = bind(m_settings, settings::seed, tr("Seed"), 1, 0, part);
    seed->setSpecialValueText(tr("New"));
    add(seed, tr("The same seed draws the same answer again. 0 takes a new one each time."));

    layout->addWidget(m_sampling);
    layout->addWidget(m_temperature);
    layout->addWidget(m_more);
    return part;
}

QWidget* SamplingPanel::makeThinking()
{
    auto* part = new QWidget(this);
    auto* layout = column(part);
    m_thinking = new ToggleSwitch(tr("Thinking"), part);
    m_thinking->setIconName(QStringLiteral("thinking"));
    m_thinking->setToolTip(
        tr("The model writes down its thoughts before it answers. Slower, often better."));
    m_thinking->setChecked(m_settings.value(settings::thinking));
    connect(m_thinking, &ToggleSwitch::toggled, this, [this](bool on) {
        if (m_canThink)
            m_settings.set(settings::thinking, on);
    });
    m_thinkingHint = new QLabel(tr("This model cannot think before it answers."), part);
    m_thinkingHint->setWordWrap(true);
    m_thinkingHint->setFont(scaledFont(font(), 0.85));
    m_thinkingHint->setForegroundRole(QPalette::PlaceholderText);
    m_thinkingHint->hide();

    m_budget = bind(m_settings, settings::thinkingBudget, tr("Budget"), tokenStep, 0, part);
    m_budget->setHint(tr("The model stops thinking at this many tokens and answers."));
    m_budget->setDescription(tr("The most tokens the model may think before it must answer."));
    m_longest = bind(m_settings, settings::longestAnswer, tr("Longest answer"), tokenStep, 0, part);
    m_longest->setHint(
        tr("In tokens, thinking included. At least budget + %1.").arg(answerReserve));
    m_longest->setDescription(tr("The answer ends after this many tokens, thinking included."));
    // They hold each other visibly; each move pushes the other just as far as needed.
    const auto pushLongest = [this](double budget) {
        m_longest->setValue(std::max(m_longest->value(), budget + answerReserve));
    };
    const auto pushBudget = [this](double longest) {
        m_budget->setValue(std::min(m_budget->value(), longest - answerReserve));
    };
    pushLongest(m_budget->value());
    connect(m_budget, &ValueSlider::valueChanged, this, pushLongest);
    connect(m_longest, &ValueSlider::valueChanged, this, pushBudget);

    layout->addWidget(m_thinking);
    layout->addWidget(m_thinkingHint);
    layout->addWidget(m_budget);
    layout->addWidget(m_longest);
    return part;
}

QWidget* SamplingPanel::makeSystemPrompt()
{
    auto* part = new QWidget(this);
    auto* layout = column(part);
    layout->setSpacing(6);
    auto* caption = new QLabel(tr("System prompt"), part);
    m_system = new QPlainTextEdit(part);
    caption->setBuddy(m_system);
    m_system->setProperty("field", true); // framed by the style sheet
    m_system->setFrameShape(QFrame::NoFrame);
    m_system->setAccessibleName(tr("System prompt"));
    m_system->setToolTip(
        tr("Said to the model before every conversation, for example how to answer"));
    m_system->setPlaceholderText(tr("None"));
    m_system->setTabChangesFocus(true);
    m_system->setFixedHeight(fontMetrics().lineSpacing() * 4 + 16);
    m_system->setPlainText(m_settings.value(settings::systemPrompt));
    connect(m_system, &QPlainTextEdit::textChanged, this,
            [this] { m_settings.set(settings::systemPrompt, m_system->toPlainText()); });
    layout->addWidget(caption);
    layout->addWidget(m_system);
    return part;
}

void SamplingPanel::setModel(const std::optional<LoadedModel>& model)
{
    m_canThink = !model || model->info.thinks;
    showState();
}

void SamplingPanel::showState()
{
    const bool sampling = m_settings.value(settings::sampling);
    m_temperature->setEnabled(sampling);
    m_more->setEnabled(sampling);
    m_thinking->setEnabled(m_canThink);
    m_thinkingHint->setVisible(!m_canThink);
    m_budget->setEnabled(m_canThink && m_settings.value(settings::thinking));
}

} // namespace argali::gui
