/// Does `work` while something is served: begins when calls can come, and has the serving end in order when the work is
/// over, whatever has come of it.
///
/// - Parameters:
///   - serve: serves until the first change of `stop`, and tells the port once calls can come.
///   - work: is given the port.
/// - Throws: what `serve` and `work` throw; `CancellationError`, also where the serving ends before any call could come.
package func whileServing<Result: Sendable>(
    _ serve:
        @escaping @Sendable (_ stop: Wakeup, _ onListening: @escaping @Sendable (Int) -> Void) async throws -> Void,
    _ work: @escaping @Sendable (_ port: Int) async throws -> Result
) async throws -> Result {
    let stop = Wakeup()
    let (ports, port) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
    return try await withThrowingTaskGroup(of: Swift.Result<Result, any Error>?.self) { group in
        group.addTask {
            defer { port.finish() }
            do {
                try await serve(stop) { port.yield($0) }
            } catch is CancellationError {}
            return nil
        }
        group.addTask {
            guard let port = await ports.first(where: { _ in true }) else { return nil }
            do {
                return .success(try await work(port))
            } catch {
                // Not thrown here: the serving is to end in order.
                return .failure(error)
            }
        }
        defer { group.cancelAll() }
        var finished: Swift.Result<Result, any Error>?
        while let result = try await group.next() {
            finished = result ?? finished
            stop.notify()
        }
        guard let finished else { throw CancellationError() }
        return try finished.get()
    }
}

extension Wakeup {
    /// Ends with the first change, for what waits for the end of a stream.
    package var untilChange: AsyncStream<Void> {
        AsyncStream(unfolding: {
            await self.change(after: 0)
            return nil
        })
    }
}
