import Foundation

/// What the system says of this process.
struct ProcessFigures: Sendable {
    /// In bytes; `nil` where the system does not say.
    let residentMemory: Int?
    let openFiles: Int?
    /// Processor time used so far, in seconds.
    let processorTime: Double

    init() {
        // The second field is the resident set in pages (proc(5)).
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
            .dropFirst().first.flatMap { Int($0) }
        residentMemory = pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        processorTime = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
