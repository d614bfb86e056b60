#include "gui/models/alphaquestion.h"

#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/models/adapterstore.h"
#include "gui/theme.h"

namespace argali::gui {
namespace {

std::optional<double> alphaOf(const QDoubleSpinBox& number)
{
    return number.value() > 0 ? std::optional(number.value()) : std::nullopt;
}

} // namespace

AlphaQuestion::AlphaQuestion(const QString& file, QWidget* parent)
    : QDialog(parent), m_text(makeNumber()), m_vision(makeNumber())
{
    setWindowTitle(tr("Add an adapter"));
    auto* words = new QLabel(tr("%1 comes from a training run and does not hold the alpha of its "
                                "LoRA. Type what it was trained with.")
                                 .arg(displayName(QFileInfo(file).fileName())),
                             this);
    words->setTextFormat(Qt::PlainText);
    words->setWordWrap(true);
    auto* form = new QFormLayout;
    form->addRow(tr("Alpha of the language model"), m_text);
    form->addRow(tr("Alpha of the vision model"), m_vision);
    m_text->setValue(16); // of XTuner's examples
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    buttons->addButton(tr("Add"), QDialogButtonBox::AcceptRole);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(12);
    column->addWidget(words);
    column->addLayout(form);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    setMinimumWidth(fontMetrics().averageCharWidth() * 62);
}

QDoubleSpinBox* AlphaQuestion::makeNumber()
{
    auto* number = new QDoubleSpinBox(this);
    number->setRange(0, AdapterStore::largestAlpha);
    number->setDecimals(2);
    number->setButtonSymbols(QDoubleSpinBox::NoButtons);
    number->setSpecialValueText(tr("Not in the file"));
    return number;
}

std::optional<double> AlphaQuestion::textAlpha() const
{
    return alphaOf(*m_text);
}

std::optional<double> AlphaQuestion::visionAlpha() const
{
    return alphaOf(*m_vision);
}

} // namespace argali::gui
