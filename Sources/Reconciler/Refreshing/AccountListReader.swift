/// Reads the synchronous v1 device list. Source: `thingspace.md`, section 4.1.
struct AccountListReader: Sendable {
    let carrier: any Carrier
    let clock: any WallClock
    let stop: StopSwitch

    /// Devices that are asked for one by one rather than by reading the whole account.
    static let fewDevices = 50

    /// Reads an account page by page.
    ///
    /// - Parameter take: given each page with the time at which it was asked for.
    /// - Throws: `CarrierError`, `ReadingStopped`, `CancellationError`
    func read(_ account: AccountName, take: ([AccountDeviceRow], Timestamp) -> Void) async throws {
        let call = RepeatableCall(clock: clock, patience: .whileItMayPass)
        var next: UInt64? = 0
        while let last = next {
            if stop.isStopped { throw ReadingStopped() }
            let askedAt = clock.now()
            let page = try await call.make { () throws(CarrierError) in
                try await carrier.devices(of: account, after: last)
            }
            take(page.rows, askedAt)
            next = page.next
        }
    }

    /// Reads a few devices, one by one.
    /// - Throws: `CarrierError`, `ReadingStopped`, `CancellationError`
    func read(_ keys: [DeviceKey], take: ([AccountDeviceRow], Timestamp) -> Void) async throws {
        let call = RepeatableCall(clock: clock, patience: .whileItMayPass)
        for key in keys {
            if stop.isStopped { throw ReadingStopped() }
            let askedAt = clock.now()
            let row = try await call.make { () throws(CarrierError) in try await carrier.device(key.iccid) }
            if let row { take([row], askedAt) }
        }
    }
}

/// A person has stopped the reading.
struct ReadingStopped: Error, CustomStringConvertible {
    let description = "The run was stopped."
}
