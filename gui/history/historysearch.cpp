#include "gui/history/historysearch.h"

#include <algorithm>

#include "gui/history/historyworker.h"

namespace argali::gui {
namespace {

constexpr int before = 24; // characters of an excerpt in front of what was found
constexpr int excerptSize = 140;
constexpr int mostTerms = 8;

/// For LIKE with ESCAPE '\'.
QString likePattern(const QString& term)
{
    QString escaped = term;
    for (const char c : {'\\', '%', '_'})
        escaped.replace(QLatin1Char(c), QStringLiteral("\\") + QLatin1Char(c));
    return QLatin1Char('%') + escaped + QLatin1Char('%');
}

} // namespace

QStringList searchTerms(const QString& words)
{
    QStringList terms;
    for (const QString& term :
         words.left(400).simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        if (!terms.contains(term) && terms.size() < mostTerms && !term.contains(QChar(0)))
            terms.append(term);
    }
    return terms;
}

SearchHit excerptOf(const QString& text, const QStringList& terms)
{
    SearchHit hit;
    qsizetype first = -1;
    for (const QString& term : terms) {
        const qsizetype at = text.indexOf(term, 0, Qt::CaseInsensitive);
        if (at >= 0 && (first < 0 || at < first))
            first = at;
    }
    qsizetype from = std::max<qsizetype>(0, first - before);
    if (from > 0 && text.at(from).isLowSurrogate())
        --from;
    hit.excerpt = text.mid(from, excerptSize).simplified();
    if (from > 0)
        hit.excerpt.prepend(QStringLiteral("…"));
    if (from + excerptSize < text.size()) {
        if (!hit.excerpt.isEmpty() && hit.excerpt.back().isHighSurrogate())
            hit.excerpt.chop(1);
        hit.excerpt.append(QStringLiteral("…"));
    }
    for (const QString& term : terms) {
        for (qsizetype at = hit.excerpt.indexOf(term, 0, Qt::CaseInsensitive); at >= 0;
             at = hit.excerpt.indexOf(term, at + term.size(), Qt::CaseInsensitive))
            hit.marks.append({int(at), int(term.size())});
    }
    std::sort(hit.marks.begin(), hit.marks.end());
    return hit;
}

void HistoryWorker::search(const QString& words, quint64 ticket)
{
    if (ticket != wantedSearch) // the next letter has been typed already
        return;
    QList<SearchHit> hits;
    const QStringList terms = searchTerms(words);
    if (!terms.isEmpty() && m_database.access() != HistoryDatabase::Access::None) {
        try {
            hits = searchAll(terms);
        } catch (const SqlError& error) {
            if (error.meansDamage() && m_database.access() == HistoryDatabase::Access::Full)
                damaged(error);
        }
    }
    emit found(ticket, hits);
}

QList<SearchHit> HistoryWorker::searchAll(const QStringList& terms)
{
    QList<SearchHit> hits;
    QString where = QStringLiteral("NOT removed");
    QVariantList values;
    for (const QString& term : terms) {
        where += QStringLiteral(
            " AND (CASE title WHEN '' THEN heading ELSE title END) LIKE ? ESCAPE '\\'");
        values.append(likePattern(term));
    }
    QSqlQuery titles =
        m_database.run(QStringLiteral("SELECT id FROM conversations WHERE ") + where +
                           QStringLiteral(" ORDER BY changed DESC LIMIT %1").arg(mostHits),
                       values);
    while (titles.next()) {
        SearchHit hit;
        hit.conversation = titles.value(0).toULongLong();
        hits.append(hit);
    }

    // The index knows pieces of three characters. Shorter words, most Chinese ones among them, are
    // looked for in the texts themselves.
    QStringList indexed;
    where = QStringLiteral("NOT c.removed");
    values.clear();
    for (const QString& term : terms) {
        if (term.toUcs4().size() >= 3) {
            QString quoted = term;
            quoted.replace(QLatin1Char('"'), QStringLiteral("\"\""));
            indexed.append(QLatin1Char('"') + quoted + QLatin1Char('"'));
        } else {
            where += QStringLiteral(
                " AND (t.question LIKE ? ESCAPE '\\' OR t.answer LIKE ? ESCAPE '\\')");
            values << likePattern(term) << likePattern(term);
        }
    }
    QString from = QStringLiteral("turns t");
    QString order = QStringLiteral("t.id");
    if (!indexed.isEmpty()) {
        from = QStringLiteral("words w JOIN turns t ON t.id=w.rowid");
        where.prepend(QStringLiteral("w.words MATCH ? AND "));
        values.prepend(indexed.join(QLatin1Char(' ')));
        order = QStringLiteral("w.rowid");
    }
    QSqlQuery turns = m_database.run(
        QStringLiteral(
            "SELECT t.id, t.conversation, t.question, t.answer FROM %1 "
            "JOIN conversations c ON c.id=t.conversation WHERE %2 ORDER BY %3 DESC LIMIT %4")
            .arg(from, where, order)
            .arg(mostHits),
        values);
    while (turns.next()) {
        const QString question = turns.value(2).toString();
        const bool inQuestion = std::any_of(terms.begin(), terms.end(), [&](const QString& term) {
            return question.contains(term, Qt::CaseInsensitive);
        });
        SearchHit hit = excerptOf(inQuestion ? question : turns.value(3).toString(), terms);
        hit.turn = turns.value(0).toULongLong();
        hit.conversation = turns.value(1).toULongLong();
        hits.append(hit);
    }
    return hits;
}

} // namespace argali::gui
