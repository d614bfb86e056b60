#pragma once

#include <optional>
#include <vector>

#include <QList>

#include "gui/chat/attachment.h"

namespace argali::gui {

/// By how many frames an arrow key goes with Shift.
inline constexpr int framesPerJump = 10;

/// The frames of one film that the model gets: spread evenly over a range, or chosen one by one.
/// They are counted at the film's nominal rate; a variable rate is mapped by time. Always in order
/// and never empty.
class KeyFrameSet final {
public:
    static constexpr int most = 30;

    KeyFrameSet() = default;
    /// As a file says; frames that it does not have are held to its last.
    static KeyFrameSet of(const MediaFile& film);
    /// The same for a file, which keeps it.
    void writeTo(MediaFile& film) const;

    const QList<qint64>& indices() const { return m_indices; }
    int size() const { return int(m_indices.size()); }
    /// Seconds at which a frame is shown.
    double timeOf(qint64 index) const;
    double timeAt(int place) const { return timeOf(m_indices.at(place)); }
    std::vector<double> times() const;
    /// The frame shown at a time.
    qint64 indexAt(double seconds) const;
    /// The place whose frame is nearest to a time.
    int placeNear(double seconds) const;

    int count() const { return m_count; } ///< 0: as many as the range has seconds, 1 to 30
    bool isByHand() const { return m_byHand; }
    qint64 total() const { return m_total; } ///< frames of the film
    qint64 first() const { return m_first; }
    qint64 last() const { return m_last; }
    bool isWhole() const { return m_first == 0 && m_last == m_total - 1; }

    /// Spreads count frames evenly over the range; what was chosen by hand goes.
    void setCount(int count);
    /// Frames outside go; those spread evenly are spread anew.
    void setRange(qint64 first, qint64 last);
    /// Moves one frame, past those in its way, to a free one within the range. Returns its new
    /// place.
    int nudge(int place, qint64 by);
    /// Returns false when it is the only one left.
    bool remove(int place);
    /// Adds a frame, which widens the range when it lies outside. Returns its place; nothing when
    /// there are as many as there may be.
    std::optional<int> add(qint64 index);

    bool operator==(const KeyFrameSet&) const = default;

private:
    void spread();
    void chooseByHand();

    qint64 m_total = 1;
    double m_rate = 1;
    double m_duration = 1;
    qint64 m_first = 0;
    qint64 m_last = 0;
    int m_count = 1;
    bool m_byHand = false;
    QList<qint64> m_indices{0};
};

} // namespace argali::gui
