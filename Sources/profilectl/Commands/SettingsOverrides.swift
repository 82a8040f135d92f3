import ArgumentParser
import Reconciler

/// How the carrier is called.
struct CarrierOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the carrier's API is.", valueName: "url"))
    var baseURL: String?

    @Flag(help: "Sign in although it was refused too often, because the credentials are right: in this run only.")
    var retrySignIn = false

    func applied(to settings: Settings) -> Settings {
        var settings = settings
        settings.baseURL = baseURL ?? settings.baseURL
        return settings
    }
}

/// Options that stand above the settings file and the environment.
struct SettingsOverrides: ParsableArguments {
    @OptionGroup var carrier: CarrierOptions

    @Option(help: ArgumentHelp("Host and port to listen on for callbacks.", valueName: "host:port"))
    var callbacksListen: String?

    @Option(help: ArgumentHelp("The URL that the carrier is told to call.", valueName: "url"))
    var callbacksURL: String?

    @Option(help: "What to do about the callback registration: check, auto or never.")
    var register: RegistrationMode?

    @Option(help: "Look devices up that were never seen (lookup), or trust the plan (trust).")
    var verify: ApplyOptions.Verification?

    @Option(duration: "How long a callback is awaited before the device is looked up.")
    var callbackDeadline: Duration?

    @Option(duration: "How long after a warning the second callback is awaited.")
    var enableAfter: Duration?

    @Option(duration: "The wait before a second attempt; it doubles with each further one.")
    var retryDelay: Duration?

    var retrySignIn: Bool { carrier.retrySignIn }

    func applied(to settings: Settings) -> Settings {
        var settings = carrier.applied(to: settings)
        settings.callbackListen = callbacksListen ?? settings.callbackListen
        settings.callbackURL = callbacksURL ?? settings.callbackURL
        settings.register = register ?? settings.register
        settings.verification = verify ?? settings.verification
        settings.policy.callbackDeadline = callbackDeadline ?? settings.policy.callbackDeadline
        settings.policy.enableAfter = enableAfter ?? settings.policy.enableAfter
        settings.policy.retryDelay = retryDelay ?? settings.policy.retryDelay
        return settings
    }
}
