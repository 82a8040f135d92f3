import CMalloc

/// How memory is had from the system by a process that lives for months.
enum LargeMemory {
    /// Has large pieces of memory given back to the system when they are no longer used.
    ///
    /// By default glibc learns from each piece that is freed to keep ones of its size (up to 32 MiB), a heap for each
    /// thread: after a flood of long bodies a process would go on holding several times what it needs. What is had from the
    /// system by itself also costs only as much as is written to: of the 48 KiB of buffers of each TLS connection that is
    /// little.
    static func giveBackAtOnce() {
        mallopt(M_MMAP_THRESHOLD, 16 << 10)
        mallopt(M_TRIM_THRESHOLD, 1 << 20)
        mallopt(M_ARENA_MAX, 2)
    }

    /// How many bytes may lie unused between pieces that are in use before they are given back.
    private static let unused = 8 << 20

    /// Has the many small pieces of memory given back too, from time to time until the task is cancelled: glibc keeps what
    /// lies between others, so that a process that once had a thousand TLS connections would hold their room for good.
    static func giveBackContinually() async {
        while (try? await Task.sleep(for: .seconds(10))) != nil {
            if mallinfo2().fordblks > unused { malloc_trim(1 << 20) }
        }
    }
}
