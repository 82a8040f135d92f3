import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Reconciler

@Suite("Output that nobody may read")
struct OutputQueueTests {
    /// What was written, by a writer that stands still until it is let go.
    private final class Reader: Sendable {
        let written = Mutex<[String]>([])
        let gate = DispatchSemaphore(value: 0)
        let hasBegun = DispatchSemaphore(value: 0)

        func queue(limit: Int) -> OutputQueue {
            OutputQueue(limit: limit) {
                Array("\($0) dropped".utf8)
            } write: { [self] bytes in
                hasBegun.signal()
                gate.wait()
                gate.signal()
                written.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
    }

    @Test("a reader that stands still makes nobody wait; what is dropped is counted and said where it is missing")
    func standingStill() {
        let reader = Reader()
        let queue = reader.queue(limit: 10)
        queue.add(Array("first".utf8))
        reader.hasBegun.wait()
        queue.add(Array("other".utf8))
        for _ in 0..<1000 { queue.add(Array("x".utf8)) }
        #expect(!queue.drain(within: .zero))
        #expect(reader.written.withLock { $0 }.isEmpty)
        reader.gate.signal()
        #expect(queue.drain(within: .seconds(60)))
        #expect(reader.written.withLock { $0 } == ["first", "other", "1000 dropped"])
    }

    @Test("all is written in order, however long one piece is")
    func order() {
        let reader = Reader()
        reader.gate.signal()
        let queue = reader.queue(limit: 1 << 20)
        #expect(queue.drain(within: .zero), "nothing was added")
        let pieces = (0..<500).map { "\($0)" } + [String(repeating: "x", count: 2 << 20)]
        for piece in pieces.dropLast() { queue.add(Array(piece.utf8)) }
        #expect(queue.drain(within: .seconds(60)))
        queue.add(Array((pieces.last ?? "").utf8))
        #expect(queue.drain(within: .seconds(60)))
        #expect(reader.written.withLock { $0 } == pieces)
    }
}
