#include "gui/exchange/exportdialog.h"

#include <algorithm>

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "gui/exchange/htmlexport.h"
#include "gui/theme.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/toggleswitch.h"

namespace argali::gui {
namespace {

constexpr int textWidth = 420;

QStringList explanations()
{
    return {
        ExportDialog::tr("A text file, and beside it a folder with the pictures and films as they "
                         "are. It has the branch that is shown."),
        ExportDialog::tr(
            "One file that every browser shows without a network. Pictures larger "
            "than %1 MB are scaled down to %2 pixels; of a film it has one picture and "
            "the times of the frames. It has the branch that is shown.")
            .arg(HtmlExport::largestPicture >> 20)
            .arg(HtmlExport::longestEdge),
        ExportDialog::tr("Everything, with all branches, and beside it a folder with the pictures "
                         "and films. Only this can be imported again.")};
}

} // namespace

ExportDialog::ExportDialog(int chats, const ExportOptions& options, QWidget* parent)
    : QDialog(parent),
      m_formats(
          new SegmentedControl({tr("Markdown"), tr("Page (HTML)"), tr("Whole chat (JSON)")}, this)),
      m_words(new QLabel(this)),
      m_thinking(new ToggleSwitch(tr("With the thinking of the model"), this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Export %Ln chat(s)", nullptr, chats));
    m_formats->setAccessibleName(tr("Format"));
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::PlainText);
    m_words->setFont(scaledFont(font(), 0.92));
    m_words->setForegroundRole(QPalette::PlaceholderText);
    m_words->setAlignment(Qt::AlignTop | Qt::AlignLeading);
    int height = 0; // of the longest, so that nothing moves
    for (const QString& each : explanations()) {
        m_words->setText(each);
        height = std::max(height, m_words->heightForWidth(textWidth));
    }
    m_words->setFixedSize(textWidth, height);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(12);
    column->addWidget(m_formats);
    column->addWidget(m_words);
    column->addWidget(m_thinking);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    QPushButton* go = buttons->addButton(tr("Export…"), QDialogButtonBox::AcceptRole);
    go->setDefault(true);
    column->addWidget(buttons);
    const auto explain = [this](int format) { m_words->setText(explanations().at(format)); };
    connect(m_formats, &SegmentedControl::currentChanged, this, explain);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        emit chosen(this->options());
        accept();
    });
    m_formats->setCurrentIndex(int(options.format));
    explain(int(options.format));
    m_thinking->setChecked(options.thinking);
}

ExportOptions ExportDialog::options() const
{
    return {ExportOptions::Format(m_formats->currentIndex()), m_thinking->isChecked()};
}

QString ExportDialog::explanation() const
{
    return m_words->text();
}

} // namespace argali::gui
