/// Reads the synchronous v1 device list, page by page, each in its turn. Source: `thingspace.md`, section 4.1.
struct AccountListReader: Sendable {
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let stop: StopSwitch
    /// A turn that comes later than so is not waited for.
    let longestWait: Duration
    /// Until then a call that failed for what may pass is made again.
    var deadline = Timestamp.distantPast

    /// Devices that are asked for one by one rather than by reading the whole account.
    static let fewDevices = 50

    /// A turn that comes so soon after the deadline is no wait: the requests of an account leave one after the other.
    private static let grace = Duration.seconds(1)

    private var patience: RequestPacer.Patience {
        RequestPacer.Patience(
            repeatsFor: .whatMayPass, longestWait: longestWait, stop: stop,
            deadline: deadline == .distantPast ? nil : deadline + Self.grace)
    }

    /// Reads an account, in the largest pages that it is known to take.
    ///
    /// - Parameter take: given each page with the time at which it was asked for.
    /// - Throws: `CarrierError`, `AccountBusy`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read(_ account: AccountName, take: (AccountDevicePage, Timestamp) -> Void) async throws {
        let startedAt = clock.now()
        let known = try await pacer.store.read { try $0.limits(of: account).pageSize(at: startedAt) }
        var size = known
        var next: UInt64? = 0
        while let last = next {
            guard deadline == .distantPast || clock.now() < deadline else {
                throw CarrierError.transport(
                    TransportProblem(description: "The account's list did not come to its end in time."))
            }
            do {
                let (page, askedAt) = try await persistently(account) {
                    let askedAt = clock.now()
                    return (try await carrier.devices(of: account, after: last, limit: size), askedAt)
                }
                if size < known { try await keep(size, of: account) }
                take(page, askedAt)
                next = page.next
            } catch CarrierError.refused(let refusal) {
                guard refusal.mayBeForItsSize, let smaller = AccountLimits.page(after: size) else {
                    throw CarrierError.refused(refusal)
                }
                size = smaller
            }
        }
    }

    private func keep(_ size: Int, of account: AccountName) async throws {
        let now = clock.now()
        try await pacer.store.write { transaction in
            var limits = try transaction.limits(of: account)
            let before = limits
            limits.tookPages(of: size, at: now)
            if limits != before { try transaction.save(limits) }
        }
    }

    /// Reads one device of an account.
    /// - Returns: `nil` if the carrier does not have it, with the time at which it was asked for.
    /// - Throws: `CarrierError`, `AccountBusy`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read(_ key: DeviceKey, of account: AccountName) async throws -> (row: AccountDeviceRow?, askedAt: Timestamp) {
        try await persistently(account) {
            let askedAt = clock.now()
            return (try await carrier.device(key.iccid), askedAt)
        }
    }

    /// Makes a call, and again after ever longer waits until the deadline.
    private func persistently<Answer: Sendable>(
        _ account: AccountName, _ call: () async throws -> Answer
    ) async throws -> Answer {
        var failures = 0
        while true {
            do {
                return try await pacer.patiently(account, patience, call)
            } catch let error as CarrierError where error.mayPass {
                failures += 1
                let next = clock.now() + DeviceListAsker.backOff.wait(after: failures, share: pacer.chance.share())
                guard next < deadline else { throw error }
                try await stop.wait(until: next, on: clock)
            }
        }
    }
}

extension CarrierRefusal {
    /// Whether the carrier says that a request holds more than it takes.
    var saysTooLarge: Bool {
        if classification == .tooLarge { return true }
        let code = self.code?.text.uppercased()
        return code == "INPUT_INVALID.MAXREQUESTSEXCEEDED" || code == "INPUT_INVALID.NUMBEROFDEVICES"
    }

    /// Whether a smaller page may be given where this one was refused: what is wrong with the input is not always said.
    fileprivate var mayBeForItsSize: Bool {
        saysTooLarge || code?.text.uppercased().hasPrefix("INPUT_INVALID") == true
    }
}
