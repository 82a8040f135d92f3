import Logging

/// Looks after the manifests of a controller: a change that can be read is put in force, a broken one is told.
struct ManifestKeeper: Sendable {
    let desk: ControllerDesk
    let origin: any ManifestOrigin
    let isStrict: Bool
    let interval: Duration
    let store: any StateStore
    let memory: FleetMemory
    let clock: any WallClock
    let logger: Logger
    /// Has them looked at at once.
    let reload: Wakeup

    /// Goes on until the controller closes.
    /// - Throws: `CancellationError`
    func run() async throws {
        var book = ManifestBook(origin: origin, isStrict: isStrict, clock: clock)
        // How often a person has asked for a reading, as of the last one.
        var asked = reload.count
        while !desk.isClosing {
            let seen = reload.count
            let before = book.generation
            if await book.update(readsAgain: seen != asked) { await show(book, isNew: book.generation != before) }
            asked = seen
            let waiter = StateWaiter(clock: clock, wakeup: reload, pollInterval: interval)
            try await waiter.change(after: seen, until: clock.now() + interval)
        }
    }

    private func show(_ book: ManifestBook, isNew: Bool) async {
        desk.board.update { [now = clock.now()] status in
            status.manifests.commit = book.revision?.commit
            status.manifests.loadedAt = book.loadedAt
            status.manifests.problem = book.problem
            status.manifests.soundSince = book.problem == nil ? status.manifests.soundSince ?? now : nil
        }
        guard isNew, let fleet = book.fleet else { return }
        let commit = book.revision?.commit
        var metadata: Logger.Metadata = ["devices": "\(fleet.devices.count)", "sets": "\(fleet.sets.count)"]
        metadata["commit"] = commit.map { "\($0)" }
        logger.notice("The manifests were read", metadata: metadata)
        let digest = fleet.digest
        desk.put(
            ControllerDesk.Declared(fleet: fleet, digest: digest, commit: commit),
            // A time that is still to come was written by a clock that was ahead.
            refreshedAt: await AccountKeeper.latestRefresh(of: digest, in: store).flatMap { [now = clock.now()] in
                $0 > now ? nil : $0
            })
        await memory.compare(fleet, commit: commit)
    }
}
