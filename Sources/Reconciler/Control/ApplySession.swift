import AsyncHTTPClient
import Foundation
import Logging

/// A whole run: the lock, the store, the carrier, the callback listener and the registration around an `ApplyRun`.
public struct ApplySession: Sendable {
    private let goal: ApplyGoal
    private let settings: Settings
    private let carrierCredentials: CarrierCredentials
    private let callbackCredentials: CallbackCredentials
    private let store: any StateStore
    private let options: ApplyOptions
    private let command: String
    private let retriesSignIn: Bool
    private let clock: any WallClock
    private let logger: Logger
    private let observer: any ProtocolObserver
    private let wakeup = Wakeup()

    /// Throw it to end the run; what is under way is written down first.
    public let stop: StopSwitch

    /// - Parameters:
    ///   - command: what was typed, for those who find the lock.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    public init(
        goal: ApplyGoal, settings: Settings, carrierCredentials: CarrierCredentials,
        callbackCredentials: CallbackCredentials, store: any StateStore, options: ApplyOptions, command: String,
        retriesSignIn: Bool = false, clock: any WallClock, logger: Logger,
        observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.goal = goal
        self.settings = settings
        self.carrierCredentials = carrierCredentials
        self.callbackCredentials = callbackCredentials
        self.store = store
        self.options = options
        self.command = command
        self.retriesSignIn = retriesSignIn
        self.clock = clock
        self.logger = logger
        self.observer = observer
        stop = StopSwitch(wakeup: wakeup)
    }

    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `TooLargeChange`,
    ///   `ListenerFailed`, `RegistrationProblem`
    public func run(progress: @escaping @Sendable (ApplyReport) -> Void) async throws -> ApplyReport {
        let owner = RunOwner(command: command)
        let lock = RunLock(store: store, clock: clock, owner: owner, profileSets: goal.desired.sets.map(\.name))
        let ledger = StoredSignInLedger(store: store, clock: clock, holder: owner.identity, retries: retriesSignIn)
        return try await lock.hold {
            let client = HTTPTransport.makeClient()
            do {
                let report = try await run(client, lock, ledger, progress: progress)
                try await client.shutdown()
                return report
            } catch {
                try? await client.shutdown()
                throw error
            }
        }
    }

    private func run(
        _ client: HTTPClient, _ lock: RunLock, _ ledger: any SignInLedger,
        progress: @escaping @Sendable (ApplyReport) -> Void
    ) async throws -> ApplyReport {
        let baseURL: BaseURL
        do {
            baseURL = try BaseURL(settings.baseURL)
        } catch {
            throw SettingsError(error.description)
        }
        let endpoint = try CallbackEndpoint(
            settings, credentials: callbackCredentials, carrierIsLoopback: baseURL.isLoopback)
        let carrier = ThingSpaceClient(
            baseURL: baseURL, credentials: carrierCredentials, ledger: ledger, client: client, clock: clock)
        let listener = CallbackListener(
            configuration: endpoint.configuration, store: store, clock: clock, policy: options.policy, wakeup: wakeup,
            logger: logger, observer: observer)
        let seat = ListenerSeat(
            listener: listener, configuration: endpoint.configuration, lock: lock, clock: clock)
        let applyRun = ApplyRun(
            goal: goal, store: store, carrier: carrier, clock: clock, wakeup: wakeup, options: options,
            stop: stop, command: command, lock: lock, observer: observer)
        let stopListening = Wakeup()
        let (ports, portContinuation) = AsyncStream.makeStream(of: Int.self)

        return try await withThrowingTaskGroup(of: Result<ApplyReport, any Error>?.self) { group in
            group.addTask {
                defer { portContinuation.finish() }
                do {
                    try await seat.run(until: stopListening) { portContinuation.yield($0) }
                } catch is CancellationError {
                    return nil
                } catch let error as StateStoreError {
                    throw error
                } catch {
                    throw ListenerFailed(address: settings.callbackListen, error: error)
                }
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return nil }
                do {
                    let registrar = CallbackRegistrar(
                        carrier: carrier, pacer: applyRun.pacer, mode: settings.register,
                        credentials: callbackCredentials,
                        logger: logger)
                    try await registrar.check(Set(goal.desired.accounts), url: endpoint.url(port: port))
                    return .success(try await applyRun.run(progress: progress))
                } catch {
                    // Not thrown here: the listener is to end in order, whatever came of the run.
                    return .failure(error)
                }
            }
            defer { group.cancelAll() }
            var finished: Result<ApplyReport, any Error>?
            while let result = try await group.next() {
                finished = result ?? finished
                stopListening.notify()
            }
            guard let finished else { throw CancellationError() }
            return try finished.get()
        }
    }
}

/// Callbacks cannot be listened for.
public struct ListenerFailed: Error, CustomStringConvertible {
    let address: String
    let error: any Error

    public var description: String {
        "Callbacks cannot be listened for on \(address): \("\(error)".excerpt(limit: 200)). Is the port in use, or the "
            + "certificate not readable? Set callbacks.listen, or end the other process."
    }
}
