#include "gui/serving/servedrequestlist.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/serving/servingwords.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {

ServedRequestList::ServedRequestList(QWidget* parent)
    : QWidget(parent), m_empty(new QLabel(this)), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(4);
    m_empty->setForegroundRole(QPalette::PlaceholderText);
    m_empty->setTextFormat(Qt::PlainText);
    makeWrapping(m_empty);
    m_column->addWidget(m_empty);
}

void ServedRequestList::setEmptyWords(const QString& words)
{
    m_empty->setText(words);
}

QString ServedRequestList::emptyWords() const
{
    return m_empty->isHidden() ? QString() : m_empty->text();
}

void ServedRequestList::setStoppable(bool stoppable)
{
    m_isStoppable = stoppable;
    for (const Row& row : std::as_const(m_rows))
        row.stop->setEnabled(stoppable);
}

void ServedRequestList::setRequests(const QList<ServedRequest>& requests)
{
    for (qsizetype i = m_rows.size() - 1; i >= 0; --i) {
        const bool isThere =
            std::any_of(requests.begin(), requests.end(),
                        [&](const ServedRequest& each) { return each.id == m_rows[i].id; });
        if (!isThere)
            removeRow(i);
    }
    for (const ServedRequest& request : requests) {
        auto row = std::find_if(m_rows.begin(), m_rows.end(),
                                [&](const Row& each) { return each.id == request.id; });
        if (row == m_rows.end()) {
            m_rows.append(makeRow(request.id));
            row = std::prev(m_rows.end());
        }
        const QString asker = askerOf(request);
        row->asker->setText(asker);
        row->progress->setText(progressOf(request));
        const QString words = tr("Stop the request of %1").arg(asker);
        row->stop->setAccessibleName(words);
        row->stop->setToolTip(plainToolTip(words));
    }
    m_empty->setVisible(m_rows.isEmpty());
}

ServedRequestList::Row ServedRequestList::makeRow(const QString& id)
{
    Row row;
    row.id = id;
    row.widget = new QWidget(this);
    row.asker = new ElidedLabel({}, row.widget);
    row.progress = new QLabel(row.widget);
    row.progress->setTextFormat(Qt::PlainText);
    row.progress->setFont(scaledFont(font(), 0.92));
    row.progress->setForegroundRole(QPalette::PlaceholderText);
    row.stop = new Button(Button::Kind::Ghost, QStringLiteral("stop"), {}, row.widget);
    row.stop->setEnabled(m_isStoppable);
    auto* line = new QHBoxLayout(row.widget);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(8);
    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    words->addWidget(row.asker);
    words->addWidget(row.progress);
    line->addLayout(words, 1);
    line->addWidget(row.stop);
    connect(row.stop, &Button::clicked, this, [this, id] { emit stopRequested(id); });
    m_column->addWidget(row.widget);
    row.widget->show();
    return row;
}

void ServedRequestList::removeRow(qsizetype index)
{
    const Row row = m_rows.takeAt(index);
    const bool hadFocus = row.stop->hasFocus();
    row.widget->hide();
    row.widget->deleteLater(); // its button may have been clicked
    if (hadFocus && !m_rows.isEmpty())
        m_rows[std::min(index, m_rows.size() - 1)].stop->setFocus();
    else if (hadFocus)
        focusNextChild();
}

} // namespace argali::gui
