#include "gui/settings/picturefields.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QAbstractButton>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/settings/picturesettings.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {

constexpr double tilesOnSlider = 24; // more is typed
constexpr double unit = 1000;        // pixels
constexpr double pixelsOnSlider = 4000;
const std::array ratios{"pad", "crop"}; // as the segments stand

int indexOf(const std::vector<std::string>& names, const QString& name)
{
    const auto it = std::find(names.begin(), names.end(), name.toStdString());
    return it == names.end() ? -1 : int(it - names.begin());
}

} // namespace

PictureFields::PictureFields(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    m_tiles = new ValueSlider(tr("Tiles of a picture"), {0, tilesOnSlider, 1, 0}, 0, this);
    m_tiles->setDescription(tr("A picture is cut into at most this many tiles. More show finer "
                               "detail and take more tokens and time."));
    m_tiles->setSpecialValueText(tr("As it comes"));
    m_tiles->setTypedMaximum(settings::maxTiles.maximum);
    column->addWidget(m_tiles);
    connect(m_tiles, &ValueSlider::valueChanged, this, [this] {
        showHints();
        if (!m_showing)
            emit edited();
    });
    m_smallest =
        addPixels(tr("Smallest picture"), tr("A smaller picture is enlarged to this many pixels."));
    m_largest = addPixels(tr("Largest picture"),
                          tr("A larger picture is scaled down to this many pixels. More show finer "
                             "detail and take more tokens and time."));
    makeRatio();
    makeTemplate();
    column->addWidget(m_ratioRow);
    column->addWidget(m_templateRow);
    setModel(std::nullopt);
}

ValueSlider* PictureFields::addPixels(const QString& caption, const QString& description)
{
    auto* slider = new ValueSlider(caption, {0, pixelsOnSlider, 10, 0}, 0, this);
    slider->setDescription(description);
    slider->setSpecialValueText(tr("As it comes"));
    slider->setTypedMaximum(double(settings::maxPixels.maximum) / unit);
    layout()->addWidget(slider);
    connect(slider, &ValueSlider::valueChanged, this, [this, slider] {
        if (m_showing)
            return;
        holdPixels(slider);
        emit edited();
    });
    return slider;
}

void PictureFields::makeRatio()
{
    m_ratioRow = new QWidget(this);
    auto* caption = new QLabel(tr("Made square by"), m_ratioRow);
    m_ratio = new SegmentedControl({tr("Padding"), tr("Cropping")}, m_ratioRow);
    m_ratio->setAccessibleName(caption->text());
    m_ratio->segment(0)->setToolTip(tr("The whole picture, with bars beside it"));
    m_ratio->segment(1)->setToolTip(tr("The middle of the picture, without its ends"));
    auto* row = new QHBoxLayout(m_ratioRow);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(caption, 1);
    row->addWidget(m_ratio);
    connect(m_ratio, &SegmentedControl::currentChanged, this, [this] {
        if (!m_showing)
            emit edited();
    });
}

void PictureFields::makeTemplate()
{
    m_templateRow = new QWidget(this);
    auto* caption = new QLabel(tr("Prompt template"), m_templateRow);
    m_template = new ComboBox(m_templateRow);
    m_template->setAccessibleName(caption->text());
    m_template->setToolTip(tr("How the conversation is written down for the model. A fine-tuned "
                              "model may need the one it was trained with."));
    caption->setBuddy(m_template);
    auto* row = new QHBoxLayout(m_templateRow);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(caption, 1);
    row->addWidget(m_template);
    connect(m_template, &ComboBox::currentIndexChanged, this, [this] {
        if (!m_showing)
            emit edited();
    });
}

void PictureFields::setModel(const std::optional<LoadedModel>& model)
{
    const bool isLocal = model && model->isLocal();
    m_info = isLocal ? model->info : ModelInfo();
    m_tileTokens = isLocal ? model->tileTokens : 0;
    m_tiles->setVisible(m_info.maxTiles > 0);
    m_smallest->setVisible(m_info.maxPixels > 0);
    m_largest->setVisible(m_info.maxPixels > 0);
    m_ratioRow->setVisible(m_info.aspectRatios.size() > 1);
    m_templateRow->setVisible(m_info.templates.size() > 1);
    fillTemplates();
    showHints();
}

bool PictureFields::isEmpty() const
{
    return m_info.maxTiles == 0 && m_info.maxPixels == 0 && m_info.aspectRatios.size() < 2 &&
           m_info.templates.size() < 2;
}

void PictureFields::fillTemplates()
{
    m_showing = true;
    m_template->clear();
    for (const std::string& name : m_info.templates)
        m_template->addItem(displayName(QString::fromStdString(name)));
    m_showing = false;
}

void PictureFields::showHints()
{
    const QLocale locale;
    const int tiles = m_tiles->value() > 0 ? int(m_tiles->value()) : m_info.maxTiles;
    // A picture that is cut is shown once more as a whole.
    const qint64 tokens = m_tileTokens * (tiles > 1 ? tiles + 1 : 1);
    //: of tiles; tokens of the prompt for each picture
    m_tilesHint = tr("At most %1, or %2 tokens for each picture.")
                      .arg(locale.toString(tiles), locale.toString(tokens));
    m_tiles->setHint(m_tilesHint);
    //: of pixels
    const QString words = tr("In thousands of pixels. The model comes with %1.");
    const auto thousands = [&](int64_t pixels) {
        return locale.toString(double(pixels) / unit, 'f', pixels < 100'000 ? 1 : 0);
    };
    m_smallest->setHint(words.arg(thousands(m_info.minPixels)));
    m_largest->setHint(words.arg(thousands(m_info.maxPixels)));
}

/// The smallest is no larger than the largest; moving one moves the other as far as needed.
void PictureFields::holdPixels(const ValueSlider* moved)
{
    if (m_smallest->value() == 0 || m_largest->value() == 0 ||
        m_smallest->value() <= m_largest->value())
        return;
    m_showing = true;
    if (moved == m_smallest)
        m_largest->setValue(m_smallest->value());
    else
        m_smallest->setValue(m_largest->value());
    m_showing = false;
}

void PictureFields::show(const AnswerOptions& options, const AnswerOptions& defaults,
                         const QString& sentence)
{
    m_showing = true;
    m_tiles->setValue(options.maxTiles);
    m_tiles->setDefault(defaults.maxTiles, sentence);
    m_smallest->setValue(double(options.minPixels) / unit);
    m_smallest->setDefault(double(defaults.minPixels) / unit, sentence);
    m_largest->setValue(double(options.maxPixels) / unit);
    m_largest->setDefault(double(defaults.maxPixels) / unit, sentence);
    m_otherRatio = options.aspectRatio;
    m_otherTemplate = options.promptTemplate;
    const int ratio = std::max(0, indexOf(m_info.aspectRatios, options.aspectRatio));
    if (!m_info.aspectRatios.empty())
        m_ratio->setCurrentIndex(m_info.aspectRatios.at(size_t(ratio)) == ratios[1] ? 1 : 0);
    m_template->setCurrentIndex(std::max(0, indexOf(m_info.templates, options.promptTemplate)));
    showHints();
    m_showing = false;
}

/// What the model comes with is nothing chosen, and what it does not have stays as it was.
void PictureFields::copyTo(AnswerOptions& options) const
{
    options.maxTiles = int(m_tiles->value());
    options.minPixels = qint64(std::llround(m_smallest->value() * unit));
    options.maxPixels = qint64(std::llround(m_largest->value() * unit));
    options.aspectRatio = m_otherRatio;
    if (m_info.aspectRatios.size() > 1) {
        const char* ratio = ratios[size_t(m_ratio->currentIndex())];
        options.aspectRatio =
            m_info.aspectRatios.front() == ratio ? QString() : QString::fromLatin1(ratio);
    }
    options.promptTemplate = m_otherTemplate;
    if (const int index = m_template->currentIndex(); index >= 0 && m_info.templates.size() > 1)
        options.promptTemplate =
            index == 0 ? QString() : QString::fromStdString(m_info.templates.at(size_t(index)));
}

} // namespace argali::gui
