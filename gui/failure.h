#pragma once

#include <exception>
#include <utility>
#include <variant>

#include <QCoreApplication>
#include <QMetaType>
#include <QString>

#include "engine/error.h"

namespace argali::gui {

/// Why something could not be done: a sentence for the user, details for a bug report.
class Failure final {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Failure)
public:
    Failure() = default;
    Failure(Error::Code code, const QString& details) : m_code(code), m_details(details) {}
    /// A failure whose sentence is already known, and translated.
    static Failure withSentence(Error::Code code, const QString& sentence,
                                const QString& details = {});
    /// What an exception of the engine means; any other exception is Error::Code::Internal.
    static Failure from(const std::exception& exception);

    Error::Code code() const { return m_code; }
    /// What went wrong and what to do, in the user's language.
    QString sentence() const;
    /// File, tensor, expected, found: English, for the details and the log.
    const QString& details() const { return m_details; }

private:
    Error::Code m_code = Error::Code::Internal;
    QString m_sentence;
    QString m_details;
};

/// A value, or why there is none.
template <class T> class Result final {
public:
    Result(T value) : m_content(std::move(value)) {}
    Result(Failure failure) : m_content(std::move(failure)) {}
    bool ok() const { return std::holds_alternative<T>(m_content); }
    explicit operator bool() const { return ok(); }
    const T& value() const { return std::get<T>(m_content); }
    const T& operator*() const { return value(); }
    const T* operator->() const { return &value(); }
    const Failure& failure() const { return std::get<Failure>(m_content); }

private:
    std::variant<T, Failure> m_content;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::Failure)
