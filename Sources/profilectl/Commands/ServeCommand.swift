import Admin
import ArgumentParser
import Foundation
import Reconciler
import Simulator

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Keeps the fleet as it is declared: listens, refreshes, corrects drift, and shows what it does.",
        discussion: """
            Runs until SIGTERM or Ctrl-C: what is under way is written down, and a later start goes on from there. The
            manifests are read again when they change; a broken change is told, and those before stay in force. The
            carrier's records are read at the start and every --refresh-every. What is to be done is done by the roll-out
            policy of each set; drift by its `drift:` (correct, report or off). Of a set of which more would change than
            its maxChange allows nothing is sent before a person has looked: `profilectl apply --allow-large-change`.

            SIGHUP reads the manifests, the certificate and the carrier's records again. People and monitors look at the
            admin endpoint: a dashboard at /, /healthz, /readyz, /metrics, and a JSON API described at
            /api/v1/openapi.json. Anywhere but on loopback it asks for the token in PROFILECTL_ADMIN_TOKEN.

            Examples:
              profilectl serve fleet/
              profilectl serve fleet/ --admin 0.0.0.0:9180 --log-format json
              profilectl serve fleet/ --simulate   # leaves nothing behind
            """)

    @Argument(
        help: "YAML files and directories of them; with --git, within the repository.",
        completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String] = []

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    @Option(help: ArgumentHelp("Where people and monitors may look; `off` for nowhere.", valueName: "host:port"))
    var admin: String?

    @Option(help: "How often the carrier's records are read (30m, 6h).")
    var refreshEvery: DurationArgument?

    @Option(help: "How often the manifests are looked at.")
    var manifestInterval = DurationArgument(.seconds(5))

    @Option(help: "How long the end may take after SIGTERM.")
    var drainTimeout = DurationArgument(.seconds(30))

    @Flag(help: "Use the carrier's simulator, in this process, and a throw-away store unless --state is given.")
    var simulate = false

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides
    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Simulator") var simulator: SimulatorArguments

    func validate() throws {
        guard !paths.isEmpty else {
            throw ValidationError("Name manifests: files, or directories of them.")
        }
        guard !paths.contains("-") else {
            throw ValidationError("`serve` reads the manifests again when they change: standard input cannot be.")
        }
    }

    func run() async throws {
        try await reporting(common) {
            var settings = lists.applied(to: overrides.applied(to: try common.settings()))
            let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
            guard simulate else {
                return try await serve(
                    settings, secrets, try secrets.carrierCredentials(), try secrets.callbackCredentials())
            }
            let scratch = common.state == nil ? try ScratchFolder() : nil
            defer { scratch?.remove() }
            if let scratch { settings.state = "sqlite:\(scratch.path)/state.db" }
            let fleet = try await ManifestArguments(paths: paths, strict: strict).load(common)
            try await simulator.whileRunning(
                inventory: simulator.inventory(of: fleet), host: "127.0.0.1", port: 0, logger: common.logger()
            ) { [settings] running in
                let settings = settings.directed(to: running)
                try await serve(settings, secrets, running.credentials, running.callbackCredentials)
            }
        }
    }

    private func serve(
        _ settings: Settings, _ secrets: Secrets, _ credentials: CarrierCredentials,
        _ callbackCredentials: CallbackCredentials
    ) async throws {
        let store = try StateLocation.open(settings.state)
        let logger = common.logger()
        var options = ControllerOptions(manifestInterval: manifestInterval.duration)
        options.refreshInterval = refreshEvery?.duration ?? settings.refreshInterval
        let controller = Controller(
            origin: WatchedManifests(paths: paths), isStrict: strict, settings: settings, options: options,
            carrierCredentials: credentials, callbackCredentials: callbackCredentials, store: store,
            supervisor: SupervisorNotifier(environment: ProcessInfo.processInfo.environment),
            retriesSignIn: overrides.retrySignIn, clock: SystemClock(), logger: logger,
            observer: try KillAtStep(environment: ProcessInfo.processInfo.environment) ?? IndifferentObserver())
        let (stop, reload) = (Wakeup(), Wakeup())
        let adminServer = try adminConfiguration(settings, secrets).map { configuration in
            AdminServer(
                configuration: configuration, board: controller.board, store: store, wakeup: controller.wakeup,
                clock: SystemClock(), logger: logger, version: profilectlVersion)
        }
        let format = common.logFormat
        try await InterruptSignals.draining(stop, reload: reload, within: drainTimeout.duration) {
            try await controller.run(until: stop, reload: reload, shownBy: adminServer) { sentence in
                switch format {
                case .text: printError(sentence)
                case .json: logger.notice("\(sentence)")
                }
            }
        }
    }

    private func adminConfiguration(_ settings: Settings, _ secrets: Secrets) throws -> AdminConfiguration? {
        let listen = admin ?? "127.0.0.1:9180"
        guard listen != "off" else { return nil }
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]) else {
            throw SettingsError("--admin is `\(listen)`, expected HOST:PORT or off.")
        }
        return try AdminConfiguration(host: String(listen[..<colon]), port: port, token: try secrets.adminToken())
    }
}
