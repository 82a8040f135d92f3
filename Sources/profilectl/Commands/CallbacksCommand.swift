import ArgumentParser
import Foundation
import Reconciler

struct CallbacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks",
        abstract: "Shows and changes where the carrier sends the callbacks of accounts.",
        discussion: """
            The carrier has one endpoint for each account and service. profilectl needs DeviceProfileService.

            Examples:
              profilectl callbacks list fleet/
              profilectl callbacks register --account 0342077109-00001
              profilectl callbacks deregister --account 0342077109-00001
            """,
        subcommands: [
            CallbacksListCommand.self, CallbacksRegisterCommand.self, CallbacksDeregisterCommand.self,
        ])
}

/// The accounts that a command is about.
struct AccountArguments: ParsableArguments {
    @Argument(help: "Manifests, for the accounts that they name.")
    var paths: [String] = []

    @Option(help: ArgumentHelp("An account; may be given several times.", valueName: "name"))
    var account: [String] = []

    func validate() throws {
        guard !paths.isEmpty || !account.isEmpty else { throw ValidationError("Name accounts or manifests.") }
    }

    func accounts(_ common: CommonOptions) async throws -> [AccountName] {
        var names = Set(account.map { AccountName($0) })
        if !paths.isEmpty { names.formUnion(try await ManifestArguments.load(paths, isStrict: false, common).accounts) }
        return names.sorted()
    }
}

/// What all commands about callbacks have in common.
struct CallbackOptions: ParsableArguments {
    @OptionGroup var targets: AccountArguments
    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Where the carrier's API is.", valueName: "url"))
    var baseURL: String?

    func settings() throws -> Settings {
        var settings = try common.settings()
        settings.baseURL = baseURL ?? settings.baseURL
        return settings
    }

    func withAdministration<Result: Sendable>(
        _ work: @escaping @Sendable (CallbackAdministration, [AccountName]) async throws -> Result
    ) async throws -> Result {
        let settings = try settings()
        let accounts = try await targets.accounts(common)
        let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
        let connection = CarrierConnection(
            settings: settings, credentials: try secrets.carrierCredentials(),
            store: try await settings.openStore(), clock: SystemClock())
        return try await connection.withCarrier { try await work(CallbackAdministration(carrier: $0), accounts) }
    }
}

struct CallbacksListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows where the carrier sends the callbacks of accounts; never the passwords.",
        discussion: """
            Examples:
              profilectl callbacks list fleet/
              profilectl callbacks list --account 0342077109-00001 --format json
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "How it is printed: text or json.")
    var format: StatusFormat = .text

    func run() async throws {
        try await reporting(options.common) {
            let registrations = try await options.withAdministration { administration, accounts in
                var all: [CallbackRegistration] = []
                for account in accounts { all += try await administration.list(account) }
                return all
            }
            switch format {
            case .json: try printJSON(registrations.map(CallbackRegistrationDocument.init))
            case .text:
                if registrations.isEmpty { print("No callbacks are registered.") }
                for registration in registrations {
                    let user = registration.username.isEmpty ? "" : "  as \(registration.username)"
                    print("\(registration.accountName)  \(registration.serviceName)  \(registration.url)\(user)")
                }
            }
        }
    }
}

struct CallbacksRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Has the carrier send the profile callbacks of accounts to us.",
        discussion: """
            The URL is `callbacks.url` of the settings unless --url is given; the user name and password that each
            callback must carry come from the environment. Another system's endpoint stays unless --replace is given.

            Examples:
              profilectl callbacks register fleet/
              profilectl callbacks register --account 0342077109-00001 --replace
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "The URL that the carrier is to call.")
    var url: String?

    @Flag(help: "Let another endpoint that is registered make way.")
    var replace = false

    func run() async throws {
        try await reporting(options.common) {
            var settings = try options.settings()
            settings.callbackURL = url ?? settings.callbackURL
            let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
            let credentials = try secrets.callbackCredentials()
            let url = try settings.registrableCallbackURL()
            let replace = replace
            let results = try await options.withAdministration { administration, accounts in
                var results: [(AccountName, CallbackAdministration.Registered)] = []
                for account in accounts {
                    let result = try await administration.register(
                        account, url: url, credentials: credentials, replaces: replace)
                    results.append((account, result))
                }
                return results
            }
            for (account, result) in results {
                switch result {
                case .alreadyOurs: print("Account \(account): already registered at \(url).")
                case .registered: print("Account \(account): registered at \(url).")
                case .replaced(let other): print("Account \(account): registered at \(url), instead of \(other).")
                }
            }
        }
    }
}

struct CallbacksDeregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deregister",
        abstract: "Ends the registration of our endpoint for the profile callbacks of accounts.",
        discussion: """
            Only a registration at `callbacks.url` of the settings (or --url) is ended, unless --replace is given.

            Examples:
              profilectl callbacks deregister fleet/
              profilectl callbacks deregister --account 0342077109-00001 --replace
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "The URL that is registered.")
    var url: String?

    @Flag(help: "Whichever URL is registered.")
    var replace = false

    func run() async throws {
        try await reporting(options.common) {
            let settings = try options.settings()
            let url = replace ? nil : self.url ?? settings.callbackURL
            guard replace || url != nil else {
                throw SettingsError("Name the URL that is registered with --url, or set callbacks.url.")
            }
            let results = try await options.withAdministration { administration, accounts in
                var results: [(AccountName, String?)] = []
                for account in accounts {
                    results.append((account, try await administration.deregister(account, url: url)))
                }
                return results
            }
            for (account, url) in results {
                print(
                    url.map { "Account \(account): \($0) is no longer registered." }
                        ?? "Account \(account): nothing was registered.")
            }
        }
    }
}
