import AsyncHTTPClient
import Foundation
import NIOCore

/// Ends work when it is due and delivers its messages, a bounded number at a time.
struct CallbackSender: Sendable {
    let state: SimulatorState
    let client: HTTPClient

    /// Deliveries under way at once, at most.
    static let concurrency = 64
    /// How long an endpoint may take to acknowledge.
    private static let timeout = TimeAmount.seconds(10)

    /// Works until the task is cancelled.
    func run(wake: AsyncStream<Void>) async {
        let doorbell = Doorbell()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in wake { await doorbell.ring() }
            }
            group.addTask { await deliver(doorbell) }
            await group.next()
            group.cancelAll()
        }
    }

    private func deliver(_ doorbell: Doorbell) async {
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            while !Task.isCancelled {
                let rings = await doorbell.rings
                let (deliveries, next) = await state.whatIsDue()
                for (delivery, registration) in deliveries {
                    if underWay >= Self.concurrency {
                        await group.next()
                        underWay -= 1
                    }
                    underWay += 1
                    group.addTask { await deliver(delivery, to: registration) }
                }
                if deliveries.isEmpty {
                    let wait = next.map { max(0.001, $0 - SimulatorState.now()) } ?? 3600
                    await doorbell.wait(after: rings, atMost: wait)
                }
            }
            group.cancelAll()
        }
    }

    private func deliver(_ delivery: SimulatorState.Delivery, to registration: CarrierModel.Registration) async {
        var request = HTTPClientRequest(url: registration.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: await state.body(of: delivery, to: registration)))
        var acknowledged = false
        if let response = try? await client.execute(request, timeout: Self.timeout) {
            acknowledged = 200..<300 ~= response.status.code
            _ = try? await response.body.collect(upTo: 1 << 16)
        }
        await state.ended(delivery, acknowledged: acknowledged)
    }
}

/// Lets one task wait until it is rung for or a time has passed.
actor Doorbell {
    private(set) var rings = 0
    private var waiter: CheckedContinuation<Void, Never>?

    func ring() {
        rings += 1
        waiter?.resume()
        waiter = nil
    }

    /// Waits for a ring after the `seen`th, `seconds` at the longest.
    func wait(after seen: Int, atMost seconds: Double) async {
        guard rings == seen else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForRing(after: seen) }
            group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
            await group.next()
            ring()
            group.cancelAll()
        }
    }

    private func waitForRing(after seen: Int) async {
        guard rings == seen else { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
