/// A book of notices in the state store: what people were told outlives the process, and other processes on the store
/// know of it. What a store that cannot be used does not take is kept here until it can.
struct KeptNoticeBook: Sendable {
    let store: any StateStore
    private(set) var book: NoticeBook
    private var hasRead = false

    init(store: any StateStore, interval: Duration, origin: String? = nil) {
        self.store = store
        book = NoticeBook(interval: interval, origin: origin)
    }

    /// Tells what is new. Two processes that see the same at the same moment may both tell it.
    mutating func tell(
        _ findings: Findings, at now: Timestamp, by notifier: any Notifier, clock: any WallClock
    ) async {
        if !hasRead || !book.due(findings, at: now).isEmpty || book.knowsOfEnds(findings) { await read() }
        book.forgetEnds(findings)
        await write()
        for notice in book.due(findings, at: now) {
            guard await notifier.deliver(notice) else {
                book.miss(notice, at: clock.now())
                // The others are likely to fare no better, and there may be other news by now.
                break
            }
            book.tell(notice)
            await write()
        }
    }

    private mutating func read() async {
        guard let kept = try? await store.read({ try $0.toldNotices() }) else { return }
        book.learn(kept)
        hasRead = true
    }

    private mutating func write() async {
        let (told, over) = book.changes
        guard !told.isEmpty || !over.isEmpty else { return }
        let isDone: Void? = try? await store.write { transaction in
            for notice in over { try transaction.forget(notice) }
            for notice in told { try transaction.save(notice) }
        }
        if isDone != nil { book.wroteChanges() }
    }
}
