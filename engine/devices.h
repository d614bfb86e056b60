#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend.h"

namespace argali {

/// One thing that can compute here.
struct Device {
    std::string id;              ///< "cpu": what --device takes
    std::string name;            ///< processor or card as it calls itself
    std::string driver;          ///< empty for the processor
    std::string instructionSets; ///< the best set used first: "avx512-bf16, avx512, avx2, scalar"
    int threads = 0;             ///< worker threads, or multiprocessors of a card
    double clockMhz = 0;         ///< 0 when the system does not say
    double memoryClockMhz = 0;   ///< of a card; 0 when the system does not say
    double powerCapWatts = 0;    ///< of a card; 0 when the system does not say
    int64_t memory = 0;          ///< bytes in all
    int64_t freeMemory = 0;      ///< bytes that can be allocated now
};

/// Everything that can compute here, the processor first.
std::vector<Device> listDevices();

/// One sentence on why no NVIDIA card, or not every one, is among them; empty when there is nothing
/// to say.
std::string cardProblem();

/// Those of listDevices() that an id means: "cuda" is the card with most free memory; "auto" is
/// that one too, or the processor where there is none; "cuda:0,1" are two cards, of which one may
/// be named twice. Throws: as makeBackend()
std::vector<Device> chooseDevices(const std::string& id);
/// The same where only one makes sense: Error::Code::BadRequest for several.
Device chooseDevice(const std::string& id);

/// A backend for "cpu" or another id, as chooseDevice() takes it.
/// ARGALI_ISA (scalar, avx2, avx512, avx512-bf16) forces an instruction set of the processor and
/// ARGALI_THREADS the number of its threads.
/// Throws: Error::Code::Device when there is no such device or it cannot do what is forced;
///         Error::Code::BadRequest for a malformed id
std::unique_ptr<Backend> makeBackend(const std::string& device);

/// The best this machine can do, measured now: what speeds are compared with.
struct MachineLimits {
    double readBytesPerSecond = 0; ///< streaming read by all threads
    double matrixOperationsPerSecond =
        0; ///< multiply-adds count two; best instructions, out of registers
    std::string matrixInstructions; ///< which those are
    std::string isa;                ///< what the backend's own kernels use
};

/// Thread: any; takes about a second.
MachineLimits measureLimits(const std::string& device);

} // namespace argali
