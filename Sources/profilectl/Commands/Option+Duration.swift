import ArgumentParser
import Reconciler

extension Option where Value == Duration {
    /// One that takes a duration.
    init(wrappedValue: Duration, duration help: String) {
        self.init(
            wrappedValue: wrappedValue, help: "\(help) (default: \(wrappedValue.settingText))",
            transform: { try Duration(optionText: $0) })
    }
}

extension Option where Value == Duration? {
    /// One that takes a duration, and may be left out.
    init(duration help: String) {
        self.init(help: "\(help)", transform: { try Duration(optionText: $0) })
    }
}

extension Duration {
    /// - Throws: `ValidationError`
    fileprivate init(optionText text: String) throws {
        guard let duration = Self(settingText: text) else {
            throw ValidationError("expected \(Self.settingExpected).")
        }
        self = duration
    }
}
