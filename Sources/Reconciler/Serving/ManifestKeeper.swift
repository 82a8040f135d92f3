import Logging

/// Looks after the manifests of a controller: a change that can be read is put in force, a broken one is told.
struct ManifestKeeper: Sendable {
    let desk: ControllerDesk
    let origin: any ManifestOrigin
    let isStrict: Bool
    let interval: Duration
    let store: any StateStore
    let clock: any WallClock
    let logger: Logger
    /// Has them looked at at once.
    let reload: Wakeup

    /// Goes on until the controller closes.
    /// - Throws: `CancellationError`
    func run() async throws {
        var book = ManifestBook(origin: origin, isStrict: isStrict, clock: clock)
        while !desk.isClosing {
            let seen = reload.count
            let before = book.revision?.fingerprint
            if await book.update() { await show(book, isNew: book.revision?.fingerprint != before) }
            let waiter = StateWaiter(clock: clock, wakeup: reload, pollInterval: interval)
            try await waiter.change(after: seen, until: clock.now() + interval)
        }
    }

    private func show(_ book: ManifestBook, isNew: Bool) async {
        if isNew, let fleet = book.fleet {
            logger.notice(
                "The manifests were read",
                metadata: [
                    "devices": "\(fleet.devices.count)", "sets": "\(fleet.sets.count)",
                    "commit": "\(book.revision?.commit ?? "none")",
                ])
            let digest = fleet.digest
            desk.put(
                ControllerDesk.Declared(fleet: fleet, digest: digest, commit: book.revision?.commit),
                refreshedAt: await AccountKeeper.latestRefresh(of: digest, in: store))
        }
        desk.board.update { status in
            status.manifests.commit = book.revision?.commit
            status.manifests.loadedAt = book.loadedAt
            status.manifests.problem = book.problem
        }
    }
}
