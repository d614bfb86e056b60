#include "gui/film/keyframeset.h"

#include <algorithm>
#include <cmath>

#include "engine/media/mediareader.h"

namespace argali::gui {

KeyFrameSet KeyFrameSet::of(const MediaFile& film)
{
    KeyFrameSet set;
    set.m_total = std::max<qint64>(film.frameCount, 1);
    set.m_rate = film.frameRate > 0 && std::isfinite(film.frameRate) ? film.frameRate : 1;
    set.m_duration = film.duration;
    const qint64 end = set.m_total - 1;
    set.m_first = std::clamp<qint64>(film.firstFrame, 0, end);
    set.m_last = film.lastFrame < 0 ? end : std::clamp(film.lastFrame, set.m_first, end);
    set.m_count = std::clamp(film.frames, 0, most);
    if (film.chosen.isEmpty()) {
        set.spread();
        return set;
    }
    set.m_indices = film.chosen.first(std::min<qsizetype>(film.chosen.size(), most));
    for (qint64& index : set.m_indices)
        index = std::clamp(index, set.m_first, set.m_last);
    set.chooseByHand();
    return set;
}

void KeyFrameSet::writeTo(MediaFile& film) const
{
    film.frames = m_count;
    film.firstFrame = m_first;
    film.lastFrame = m_last == m_total - 1 ? -1 : m_last;
    film.chosen = m_byHand ? m_indices : QList<qint64>();
}

double KeyFrameSet::timeOf(qint64 index) const
{
    return double(index) / m_rate; // as FilmReader::timeOf()
}

std::vector<double> KeyFrameSet::times() const
{
    std::vector<double> times;
    for (const qint64 index : m_indices)
        times.push_back(timeOf(index));
    return times;
}

qint64 KeyFrameSet::indexAt(double seconds) const
{
    if (!(seconds > 0))
        return 0;
    // Times are rounded, and a frame that begins a little later is the one that was meant.
    const double index = std::floor(seconds * m_rate + 0.125);
    return index >= double(m_total - 1) ? m_total - 1 : qint64(index);
}

int KeyFrameSet::placeNear(double seconds) const
{
    const auto distance = [&](qint64 index) { return std::abs(timeOf(index) - seconds); };
    const auto nearest =
        std::min_element(m_indices.begin(), m_indices.end(),
                         [&](qint64 a, qint64 b) { return distance(a) < distance(b); });
    return int(nearest - m_indices.begin());
}

void KeyFrameSet::spread()
{
    m_byHand = false;
    const qint64 frames = m_last - m_first + 1;
    const double seconds = isWhole() ? m_duration : double(frames) / m_rate;
    m_indices.clear();
    for (const int64_t index : sampleFrames(frames, m_count, seconds))
        m_indices.append(m_first + index);
}

void KeyFrameSet::chooseByHand()
{
    std::sort(m_indices.begin(), m_indices.end());
    m_byHand = true;
    m_count = size();
}

void KeyFrameSet::setCount(int count)
{
    m_count = std::clamp(count, 0, most);
    spread();
}

void KeyFrameSet::setRange(qint64 first, qint64 last)
{
    m_first = std::clamp<qint64>(std::min(first, last), 0, m_total - 1);
    m_last = std::clamp<qint64>(std::max(first, last), 0, m_total - 1);
    if (!m_byHand) {
        spread();
        return;
    }
    const int before = m_count;
    m_indices.removeIf([this](qint64 index) { return index < m_first || index > m_last; });
    if (m_indices.isEmpty())
        setCount(before);
    else
        chooseByHand();
}

int KeyFrameSet::nudge(int place, qint64 by)
{
    if (place < 0 || place >= size() || by == 0)
        return place;
    const qint64 step = by < 0 ? -1 : 1;
    const qint64 own = m_indices.at(place);
    const qint64 wanted = std::clamp(own + by, m_first, m_last);
    const auto isFree = [&](qint64 index) {
        return index >= m_first && index <= m_last && !m_indices.contains(index);
    };
    qint64 index = wanted; // behind those in its way, or where there is no room, before them
    while (!isFree(index) && index >= m_first && index <= m_last)
        index += step;
    if (!isFree(index)) {
        for (index = wanted; !isFree(index) && (index - own) * step > 0;)
            index -= step;
    }
    if (!isFree(index))
        return place;
    m_indices[place] = index;
    chooseByHand();
    return int(m_indices.indexOf(index));
}

bool KeyFrameSet::remove(int place)
{
    if (place < 0 || place >= size() || size() == 1)
        return false;
    m_indices.removeAt(place);
    chooseByHand();
    return true;
}

std::optional<int> KeyFrameSet::add(qint64 index)
{
    index = std::clamp<qint64>(index, 0, m_total - 1);
    if (const qsizetype known = m_indices.indexOf(index); known >= 0)
        return int(known);
    if (size() >= most)
        return std::nullopt;
    m_first = std::min(m_first, index);
    m_last = std::max(m_last, index);
    m_indices.append(index);
    chooseByHand();
    return int(m_indices.indexOf(index));
}

} // namespace argali::gui
