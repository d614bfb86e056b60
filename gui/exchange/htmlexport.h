#pragma once

#include <stop_token>

#include <QIODevice>

#include "gui/exchange/exchangedchat.h"
#include "gui/exchange/formulas.h"

namespace argali::gui {

/// Writes the shown branch of a chat as one page that needs nothing else: no script, no file, no
/// network, which its policy forbids besides. Pictures are in it, as they are up to
/// largestPicture, larger ones scaled down to longestEdge; all of them up to mostPictures, from
/// then on as thumbnails. Formulas are MathML where the table has them, else their source.
/// Thread: any one.
class HtmlExport final {
public:
    static constexpr qint64 largestPicture = 2 << 20; // bytes
    static constexpr int longestEdge = 1600;          // pixels
    static constexpr qint64 mostPictures = 64 << 20;  // bytes

    HtmlExport(const ExportOptions& options, const FormulaTable& formulas, std::stop_token stop)
        : m_options(options), m_formulas(formulas), m_stop(std::move(stop))
    {
    }
    /// Returns false when the device does not take it; once stopped, it ends early.
    bool write(QIODevice& out, const ExchangedChat& chat);
    int missing() const { return m_missing; } ///< pictures and films that could not be read

private:
    QString turn(const Turn& turn);
    QString medium(const MediaFile& file);
    QString picture(const MediaFile& file);
    QString markdown(const QString& text) const;

    const ExportOptions& m_options;
    const FormulaTable& m_formulas;
    const std::stop_token m_stop;
    qint64 m_bytes = 0; ///< of pictures
    int m_missing = 0;
};

/// The formulas that the page of a chat has.
QList<Formula> formulasOf(const ExchangedChat& chat, const ExportOptions& options,
                          const std::stop_token& stop);

} // namespace argali::gui
