extension StateStore {
    /// Does `work` as a run that is written down, from its start to its end.
    ///
    /// - Parameters:
    ///   - work: given the number of the run.
    ///   - ending: how the run has ended, in a few words.
    /// - Throws: `StateStoreError`, and what `work` throws.
    func writingDown<Result: Sendable>(
        _ cause: RunCause, clock: any WallClock, _ work: (RunNumber) async throws -> Result,
        ending: (Result) -> String
    ) async throws -> Result {
        let startedAt = clock.now()
        let (number, mark) = try await write {
            (try $0.startRun(cause, at: startedAt), try $0.activity(since: nil).mark)
        }
        func end(as ending: String) async throws {
            let now = clock.now()
            try await write { try $0.endRun(number, as: ending, at: now) }
        }
        do {
            let result = try await work(number)
            try await end(as: ending(result))
            return result
        } catch let error as RunLockHeld {
            // It has not begun with anything, if others held from the start what it needs; it may be tried every moment.
            if try await !write({ try $0.takeBackRun(number, begunAt: mark) }) { try await end(as: "could not go on") }
            throw error
        } catch is CancellationError {
            try? await end(as: "cut off")
            throw CancellationError()
        } catch {
            try? await end(as: "could not go on")
            throw error
        }
    }
}
