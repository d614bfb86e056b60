#include "gui/exchange/exportdialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>

#include "gui/exchange/htmlexport.h"
#include "gui/theme.h"

namespace argali::gui {

ExportDialog::ExportDialog(int chats, const ExportOptions& options, QWidget* parent)
    : QDialog(parent), m_thinking(new QCheckBox(tr("With the thinking of the model"), this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Export %Ln chat(s)", nullptr, chats));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 12);
    column->setSpacing(4);
    const auto add = [&](const QString& name, const QString& what) {
        auto* button = new QRadioButton(name, this);
        auto* words = new QLabel(what, this);
        words->setWordWrap(true);
        words->setTextFormat(Qt::PlainText);
        words->setFont(scaledFont(font(), 0.92));
        words->setForegroundRole(QPalette::PlaceholderText);
        words->setContentsMargins(24, 0, 0, 8);
        button->setAccessibleDescription(what);
        m_formats.append(button);
        column->addWidget(button);
        column->addWidget(words);
    };
    add(tr("Markdown and media"),
        tr("A text file, and beside it a folder with the pictures and films as they are. Has the "
           "branch that is shown."));
    add(tr("Page (HTML)"),
        tr("One file that every browser shows without a network. Pictures larger than %1 MB are "
           "scaled down to %2 pixels; of films it has a picture and the times of the frames. Has "
           "the "
           "branch that is shown.")
            .arg(HtmlExport::largestPicture >> 20)
            .arg(HtmlExport::longestEdge));
    add(tr("Whole chat (JSON)"), tr("Everything, with all branches, and beside it a folder with "
                                    "the pictures and films. Only "
                                    "this can be imported again."));
    m_formats.at(int(options.format))->setChecked(true);
    m_thinking->setChecked(options.thinking);
    column->addWidget(m_thinking);
    column->addSpacing(8);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    QPushButton* go = buttons->addButton(tr("Export…"), QDialogButtonBox::AcceptRole);
    go->setDefault(true);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        emit chosen(this->options());
        accept();
    });
    setMinimumWidth(420);
}

ExportOptions ExportDialog::options() const
{
    ExportOptions options;
    for (int i = 0; i < int(m_formats.size()); ++i) {
        if (m_formats.at(i)->isChecked())
            options.format = ExportOptions::Format(i);
    }
    options.thinking = m_thinking->isChecked();
    return options;
}

QRadioButton* ExportDialog::formatButton(ExportOptions::Format format) const
{
    return m_formats.at(int(format));
}

} // namespace argali::gui
