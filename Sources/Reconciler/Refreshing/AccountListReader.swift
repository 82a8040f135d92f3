/// Reads the synchronous v1 device list, page by page, each in its turn. Source: `thingspace.md`, section 4.1.
struct AccountListReader: Sendable {
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let stop: StopSwitch
    /// A turn that comes later than so is not waited for.
    let longestWait: Duration

    /// Devices that are asked for one by one rather than by reading the whole account.
    static let fewDevices = 50

    private var patience: RequestPacer.Patience {
        RequestPacer.Patience(repeatsFor: .whatMayPass, longestWait: longestWait, stop: stop)
    }

    /// Reads an account.
    ///
    /// - Parameter take: given each page with the time at which it was asked for.
    /// - Throws: `CarrierError`, `AccountBusy`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read(_ account: AccountName, take: ([AccountDeviceRow], Timestamp) -> Void) async throws {
        var next: UInt64? = 0
        while let last = next {
            let (page, askedAt) = try await pacer.patiently(account, patience) {
                let askedAt = clock.now()
                return (try await carrier.devices(of: account, after: last), askedAt)
            }
            take(page.rows, askedAt)
            next = page.next
        }
    }

    /// Reads a few devices of an account, one by one.
    /// - Throws: `CarrierError`, `AccountBusy`, `RunStopped`, `StateStoreError`, `CancellationError`
    func read(
        _ keys: [DeviceKey], of account: AccountName, take: ([AccountDeviceRow], Timestamp) -> Void
    ) async throws {
        for key in keys {
            let (row, askedAt) = try await pacer.patiently(account, patience) {
                let askedAt = clock.now()
                return (try await carrier.device(key.iccid), askedAt)
            }
            if let row { take([row], askedAt) }
        }
    }
}
