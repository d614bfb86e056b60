#pragma once

#include <QList>
#include <QWidget>

#include "gui/serving/servedrequest.h"

class QLabel;
class QVBoxLayout;

namespace argali::gui {

class Button;
class ElidedLabel;

/// Who is answered by the server and who waits, a row each, with a button that stops it. What has
/// the focus keeps it while others come and go.
class ServedRequestList final : public QWidget {
    Q_OBJECT
public:
    explicit ServedRequestList(QWidget* parent = nullptr);

    void setRequests(const QList<ServedRequest>& requests);
    /// Said where there is none.
    void setEmptyWords(const QString& words);
    void setStoppable(bool stoppable);

    struct Row {
        QString id;
        QWidget* widget = nullptr;
        ElidedLabel* asker = nullptr;
        QLabel* progress = nullptr;
        Button* stop = nullptr;
    };
    const QList<Row>& rows() const { return m_rows; }
    QString emptyWords() const; ///< Empty while there are rows.

signals:
    void stopRequested(const QString& id);

private:
    Row makeRow(const QString& id);
    void removeRow(qsizetype index);

    QLabel* const m_empty;
    QVBoxLayout* const m_column;
    QList<Row> m_rows;
    bool m_isStoppable = true;
};

} // namespace argali::gui
