#include "gui/chat/costtext.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

namespace argali::gui {
namespace {

/// Translations of the line.
struct Cost {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Cost)
};

QString sizeText(ImageSize size)
{
    return QStringLiteral("%1 × %2").arg(size.width).arg(size.height);
}

QString secondsText(double seconds)
{
    const QLocale locale;
    if (seconds < 100)
        return Cost::tr("about %1 s to the first word")
            .arg(locale.toString(std::max(seconds, 0.1), 'f', seconds < 10 ? 1 : 0));
    return Cost::tr("about %1 min to the first word").arg(locale.toString(qRound(seconds / 60)));
}

} // namespace

QString memoryText(double bytes)
{
    const QLocale locale;
    if (bytes < 1e8)
        return Cost::tr("%1 MB").arg(locale.toString(std::max(1.0, bytes / 1e6), 'f', 0));
    return Cost::tr("%1 GB").arg(locale.toString(bytes / 1e9, 'f', 1));
}

QSize tokenGrid(const VisualCost& cost)
{
    // Patches are merged into tokens; two more stand around them.
    const double patches = double(cost.rows) * double(cost.columns) * double(cost.frames);
    const double merge =
        cost.tokens > 2 ? std::round(std::sqrt(patches / double(cost.tokens - 2))) : 1;
    const int step = std::max(1, int(merge));
    return QSize(std::max(1, int(cost.columns) / step), std::max(1, int(cost.rows) / step));
}

QString visualText(const VisualCost& cost)
{
    const QSize tokens = tokenGrid(cost);
    const QString grid = QStringLiteral("%1 × %2").arg(tokens.width()).arg(tokens.height());
    const QLocale locale;
    return cost.frames > 1
               ? Cost::tr("Original %1 · the model gets %2 frames of %3 · grid of %4 tokens each · "
                          "%5 in all")
                     .arg(sizeText(cost.original), locale.toString(qlonglong(cost.frames)),
                          sizeText(cost.fed), grid, locale.toString(qlonglong(cost.tokens)))
           : cost.tiles > 1
               ? Cost::tr("Original %1 · the model gets %2 in %Ln tile(s) · grid of %3 tokens · %4 "
                          "in all",
                          nullptr, int(cost.tiles))
                     .arg(sizeText(cost.original), sizeText(cost.fed), grid,
                          locale.toString(qlonglong(cost.tokens)))
               : Cost::tr("Original %1 · the model gets %2 · grid of %3 tokens · %4 in all")
                     .arg(sizeText(cost.original), sizeText(cost.fed), grid,
                          locale.toString(qlonglong(cost.tokens)));
}

CostText costText(const RequestCost& cost, qsizetype media, const LoadedModel& model,
                  int longestAnswer, std::optional<double> seconds)
{
    const QLocale locale;
    const auto number = [&](qint64 value) { return locale.toString(qlonglong(value)); };
    QStringList parts;
    QStringList details;
    const qsizetype known = qsizetype(cost.parts.size());
    if (media > 0 && known >= media) {
        const VisualCost& first = cost.parts[size_t(known - media)];
        if (first.frames > 1 || media == 1)
            parts << (first.frames > 1 ? Cost::tr("%Ln frame(s) · %1", nullptr, int(first.frames))
                                             .arg(sizeText(first.fed))
                                       : sizeText(first.fed));
    }
    if (cost.visualTokens > 0)
        parts << Cost::tr("%Ln visual token(s)", nullptr, int(cost.visualTokens));
    const qint64 left = cost.context - cost.promptTokens;
    if (left > 0)
        parts << Cost::tr("Prompt %1 / %2, %3 left")
                     .arg(number(cost.promptTokens), number(cost.context), number(left));
    else
        parts << Cost::tr("Prompt %1 / %2").arg(number(cost.promptTokens), number(cost.context))
              << Cost::tr("does not fit");
    if (seconds && left > 0)
        parts << secondsText(*seconds);
    const double positions =
        double(std::min<qint64>(cost.context, cost.promptTokens + longestAnswer));
    const double bytes =
        double(model.memory.kvPerToken) * positions + double(model.memory.workspace);
    if (bytes > 0 && left > 0)
        parts << QLatin1Char('+') + memoryText(bytes);

    details << Cost::tr("The prompt takes %1 of the %2 tokens that the model can hold; %3 are left "
                        "for the answer.")
                   .arg(number(cost.promptTokens), number(cost.context),
                        number(std::max<qint64>(left, 0)));
    if (cost.newTokens > 0 && cost.newTokens < cost.promptTokens)
        details
            << Cost::tr("%1 of them are new since the last answer.").arg(number(cost.newTokens));
    details << (seconds ? Cost::tr("The time comes from answers on this computer.")
                        : Cost::tr("How long the first word takes is known after the first "
                                   "answer on this computer."));
    if (bytes > 0)
        details << Cost::tr("Beside the model itself it needs up to %1 of memory.")
                       .arg(memoryText(bytes));
    return {parts.join(QStringLiteral(" · ")), details.join(QLatin1Char(' '))};
}

} // namespace argali::gui
