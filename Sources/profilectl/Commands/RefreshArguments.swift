import ArgumentParser
import Foundation
import Reconciler

/// Which of the carrier's lists are read.
struct ListArguments: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Read the synchronous v1 device list (existence, state of the line).")
    var v1: Bool?

    @Flag(inversion: .prefixedNo, help: "Read the v2 device lists (profile status), which answer by callback.")
    var v2: Bool?

    func applied(to settings: Settings) -> Settings {
        var settings = settings
        settings.lists.v1 = v1 ?? settings.lists.v1
        settings.lists.v2 = v2 ?? settings.lists.v2
        return settings
    }
}

/// Reads the carrier's records, with progress on stderr.
struct Refreshing {
    let settings: Settings
    let common: CommonOptions
    /// What was typed, for those who find the lock.
    let command: String
    let timeout: Duration
    let retriesSignIn: Bool
    /// Whether lists are believed however much of what is known they let vanish.
    var allowsLargeChange = false

    var options: RefreshOptions {
        RefreshOptions(
            policy: settings.policy, lists: settings.lists, timeout: timeout, allowsLargeChange: allowsLargeChange)
    }

    func run(_ scope: RefreshScope) async throws -> RefreshReport {
        let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
        let session = RefreshSession(
            settings: settings, carrierCredentials: try secrets.carrierCredentials(),
            callbackCredentials: try secrets.callbackCredentials(), store: try await settings.openStore(),
            options: options, command: command, retriesSignIn: retriesSignIn, clock: SystemClock(),
            logger: common.logger())
        return try await showing(stop: session.stop) { try await session.run(scope, progress: $0) }
    }

    /// Does work that can be stopped by Ctrl-C, and shows how far it has come.
    func showing<Result: Sendable>(
        stop: StopSwitch,
        _ work: @escaping @Sendable (@escaping @Sendable (RefreshReport) -> Void) async throws -> Result
    ) async throws -> Result {
        let progress = ProgressDisplay(style: common.errorOutput)
        defer { progress.finish() }
        return try await InterruptSignals.stopping(stop) {
            try await work { progress.show($0) }
        }
    }
}

extension RefreshReport {
    /// The exit code of the contract.
    var exitCode: Int32 {
        if ending == .interrupted { return 130 }
        if ending != .done || hasLateLists { return 4 }
        if lacksLists { return 1 }
        return heldDeclared > 0 || hasDoubtedLists ? 3 : 0
    }
}
