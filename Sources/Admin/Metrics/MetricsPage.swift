import Hummingbird
import Reconciler

/// What Prometheus scrapes. It is put together at most once a second, from the board and a few cheap readings of the
/// store, whatever the size of the fleet.
struct MetricsPage: Sendable {
    private typealias Sample = MetricsText.Sample

    /// Failures beyond so many causes are counted together: a carrier's words must not make ever more time series.
    private static let causeLimit = 50

    private let board: ControllerBoard
    private let figures: StoreFigures
    private let stream: ChangeStream
    private let refusals: RefusalTally
    private let clock: any WallClock
    private let version: String

    init(
        board: ControllerBoard, figures: StoreFigures, stream: ChangeStream, refusals: RefusalTally,
        clock: any WallClock, version: String
    ) {
        self.board = board
        self.figures = figures
        self.stream = stream
        self.refusals = refusals
        self.clock = clock
        self.version = version
    }

    func response(accept: String?) async -> Response {
        let format = MetricsText.Format(accept: accept)
        return .text(await text(format), contentType: format.contentType)
    }

    func text(_ format: MetricsText.Format) async -> String {
        let figures = await figures.current()
        let status = board.current
        var text = MetricsText(format: format)
        text.add("build_info", .gauge, "The version that runs.", [Sample(1, ["version": version])])
        addHealth(status, figures, &text)
        addDevices(status, &text)
        addRollouts(status, figures, &text)
        addAccounts(status, &text)
        addActivity(figures, &text)
        addProcess(status, &text)
        return text.finished()
    }

    private func addHealth(
        _ status: ControllerStatus, _ figures: StoreFigures.Figures, _ text: inout MetricsText
    ) {
        text.add(
            "ready", .gauge, "Whether callbacks are kept and a fleet is looked after.",
            [Sample(status.isReady(at: clock.now()))])
        text.add(
            "stopped", .gauge, "Whether nothing at all can be sent or looked at.",
            [Sample(status.problem != nil)])
        text.add("store_readable", .gauge, "Whether the state store can be read.", [Sample(figures.isReadable)])
        text.add(
            "store_writable", .gauge, "Whether the state store keeps what is written, as it is tried periodically.",
            Self.isKept(status.store, at: clock.now()).map { [Sample($0)] } ?? [])
        text.add(
            "carrier_trouble", .gauge, "Why the carrier cannot be called.", Self.troubles(status.carrier))
        text.add(
            "looked_timestamp_seconds", .gauge, "When the fleet was looked at last.", status.lookedAt.samples)
        text.add(
            "manifests_ok", .gauge, "Whether the latest manifests are in use.",
            [Sample(status.manifests.loadedAt != nil && status.manifests.problem == nil)])
        text.add(
            "manifests_loaded_timestamp_seconds", .gauge, "When the manifests in use were read.",
            status.manifests.loadedAt.samples)
        text.add(
            "manifests_info", .gauge, "Where the manifests in use come from.",
            [Sample(1, ["origin": status.manifests.origin, "commit": status.manifests.commit ?? ""])])
        text.add(
            "next_refresh_timestamp_seconds", .gauge, "When the carrier's records are read next.",
            status.nextRefreshAt.samples)
    }

    private static func isKept(_ store: StoreCondition, at now: Timestamp) -> Bool? {
        if case .untried = store { nil } else { store.problem(at: now) == nil }
    }

    private static func troubles(_ carrier: CarrierCondition) -> [Sample] {
        let (isUnreachable, isShutOut) =
            switch carrier {
            case .untried, .answers: (false, false)
            case .unreachable, .unusable: (true, false)
            case .noSignIn: (false, true)
            }
        return [Sample(isUnreachable, ["kind": "unreachable"]), Sample(isShutOut, ["kind": "signIn"])]
    }

    private func addDevices(_ status: ControllerStatus, _ text: inout MetricsText) {
        text.add(
            "devices", .gauge, "Devices by the known state of their profile.",
            status.profiles.sorted { $0.key < $1.key }.map { Sample(Double($0.value), ["profile": $0.key]) })
        text.add(
            "unmanaged_devices", .gauge, "Devices that the store knows and no manifest names.",
            [Sample(Double(status.unmanaged))])
        text.add(
            "set_devices", .gauge,
            "Managed devices by profile set and where they stand; each stands in one place.",
            status.sets.flatMap { set in
                Standing.allCases.map { standing in
                    Sample(Double(standing.count(in: set)), ["set": set.name, "standing": standing.rawValue])
                }
            })
        text.add(
            "set_holds", .gauge, "How many reasons hold a profile set back.",
            status.sets.map { Sample(Double($0.holds.count), ["set": $0.name]) })
        var causes: [String: (kind: String, code: String, count: Int)] = [:]
        for (number, group) in status.failures.enumerated() {
            let code = number < Self.causeLimit ? group.code ?? "" : "other"
            causes["\(group.kind)\u{0}\(code)", default: (group.kind, code, 0)].count += group.count
        }
        text.add(
            "troubled_devices", .gauge, "Devices that have failed, are held or blocked, by the carrier's code.",
            causes.sorted { $0.key < $1.key }.map {
                Sample(Double($0.value.count), ["kind": $0.value.kind, "code": $0.value.code])
            })
    }

    private func addRollouts(
        _ status: ControllerStatus, _ figures: StoreFigures.Figures, _ text: inout MetricsText
    ) {
        let rollouts = status.sets.compactMap { set in set.rollout.map { (set.name, $0) } }
        text.add(
            "rollout_wave", .gauge, "The wave of a roll-out that is under way, from 1.",
            rollouts.map { Sample(Double($1.wave), ["set": $0]) })
        text.add(
            "rollout_waves", .gauge, "How many waves a roll-out has.",
            rollouts.map { Sample(Double($1.waveCount), ["set": $0]) })
        text.add(
            "rollout_aborted", .gauge, "Whether a roll-out was given up.",
            rollouts.map { Sample($1.abort != nil, ["set": $0]) })
        text.add(
            "rollout_started_timestamp_seconds", .gauge, "When a roll-out began.",
            rollouts.map { Sample($1.startedAt.seconds, ["set": $0]) })
        let paused = Set((figures.isReadable ? figures.pauses : status.pauses).map(\.scope))
        text.add(
            "paused", .gauge, "Whether a person has paused everything.", [Sample(paused.contains(.everything))])
        text.add(
            "set_paused", .gauge, "Whether a person has paused a profile set.",
            status.sets.map { Sample(paused.contains(.profileSet($0.name)), ["set": $0.name]) })
    }

    private func addAccounts(_ status: ControllerStatus, _ text: inout MetricsText) {
        func samples(_ value: (ControllerStatus.AccountStatus) -> Bool) -> [Sample] {
            status.accounts.map { Sample(value($0), ["account": $0.name.description]) }
        }
        text.add(
            "account_refreshed_timestamp_seconds", .gauge, "When an account's records were read last.",
            status.accounts.compactMap { account in
                account.refreshedAt.map { Sample($0.seconds, ["account": account.name.description]) }
            })
        text.add(
            "account_refresh_failed", .gauge, "Whether the latest refresh did not come to its end.",
            samples { $0.refreshProblem != nil })
        text.add(
            "account_stopped", .gauge, "Whether nothing can be sent for an account.", samples { $0.stopped != nil })
        text.add(
            "account_callbacks_ok", .gauge, "Whether the carrier sends an account's callbacks to us.",
            samples { $0.registrationProblem == nil })
    }

    private func addActivity(_ figures: StoreFigures.Figures, _ text: inout MetricsText) {
        let activity = figures.activity
        text.add(
            "callbacks", .counter, "Callbacks read since the start, by what they turned out to be.",
            CallbackVerdict.allCases.filter { $0 != .unread }.map {
                Sample(Double(activity.callbacks[$0] ?? 0), ["verdict": $0.name])
            })
        text.add(
            "callbacks_unread", .gauge, "Callbacks that are kept and not read yet.",
            [Sample(Double(figures.unreadCallbacks))])
        text.add(
            "callbacks_refused", .counter, "Calls that the callback listener has refused, ever, by the reason.",
            figures.counters.sorted { $0.key < $1.key }.compactMap { counter in
                guard counter.key.hasPrefix(Self.refusedPrefix) else { return nil }
                return Sample(
                    Double(counter.value), ["reason": String(counter.key.dropFirst(Self.refusedPrefix.count))])
            })
        text.add(
            "events", .counter, "What has happened to devices since the start.",
            StateEvent.Kind.allCases.map { Sample(Double(activity.events[$0] ?? 0), ["kind": $0.name]) })
        text.add(
            "requests", .counter, "Requests to the carrier since the start.",
            ProfileAction.allCases.map { Sample(Double(activity.requests[$0] ?? 0), ["kind": $0.rawValue]) }
                + [Sample(Double(activity.deviceLists), ["kind": "deviceList"])])
        text.add(
            "sign_in_refusals", .gauge, "How often in a row the carrier has refused a credential.",
            figures.signIns.map { Sample(Double($0.refusals), ["credential": $0.credential]) })
    }

    private static let refusedPrefix = "callbacks."

    private func addProcess(_ status: ControllerStatus, _ text: inout MetricsText) {
        let refused = refusals.current
        text.add(
            "admin_refused", .counter, "Requests that this endpoint has turned away.",
            RefusalTally.Reason.allCases.map { Sample(Double(refused[$0] ?? 0), ["reason": $0.rawValue]) })
        text.add(
            "admin_watchers", .gauge, "Dashboards that are told of changes.", [Sample(Double(stream.watcherCount))])
        let process = ProcessFigures()
        text.add(
            "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.",
            process.residentMemory.map { [Sample(Double($0))] } ?? [])
        text.add(
            "process_open_fds", .gauge, "Number of open file descriptors.",
            process.openFiles.map { [Sample(Double($0))] } ?? [])
        text.add(
            "process_cpu_seconds", .counter, "Total user and system CPU time spent in seconds.",
            [Sample(process.processorTime)])
        text.add(
            "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.",
            [Sample(status.startedAt.seconds)])
    }
}

extension MetricsText.Sample {
    fileprivate init(_ truth: Bool, _ labels: KeyValuePairs<String, String> = [:]) {
        self.init(truth ? 1 : 0, labels)
    }
}

extension Timestamp {
    fileprivate var seconds: Double { Double(milliseconds) / 1000 }
}

extension Optional<Timestamp> {
    fileprivate var samples: [MetricsText.Sample] { map { [.init($0.seconds)] } ?? [] }
}
