import Foundation
import Reconciler
import Synchronization

/// Shows progress on stderr: a bar that is drawn over on a terminal, a line now and then elsewhere.
final class ProgressDisplay: Sendable {
    private struct Shown {
        var pace = ProgressPace()
        var hasBar = false
    }

    private let style: Style
    private let isTerminal: Bool
    private let shown: Mutex<Shown>
    private let clock = SystemClock()

    private static let barWidth = 30

    init(style: Style) {
        self.style = style
        let isJSON = StandardError.format.withLock { $0 == .json }
        isTerminal = !isJSON && isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        shown = Mutex(Shown())
    }

    func show(_ report: ApplyReport) {
        let share = report.total == 0 ? 1 : Double(report.converged) / Double(report.total)
        show(ApplyReportText(report: report, style: style).line, share: share, isOver: report.ending != .running)
    }

    func show(_ report: RefreshReport) {
        let text = RefreshReportText(report: report, style: style)
        show(text.line, share: text.share, isOver: report.ending != .running)
    }

    private func show(_ line: DisplayText, share: Double, isOver: Bool) {
        let now = clock.now()
        shown.withLock { shown in
            guard shown.pace.shows(line, at: now, onTerminal: isTerminal, isOver: isOver) else { return }
            guard isTerminal else { return printError(line, .info) }
            StandardError.draw("\r\u{1B}[2K\(bar(share)) \(line.cut(toColumns: Self.columns - Self.barWidth - 4))")
            shown.hasBar = true
        }
    }

    /// Leaves the bar where it is and goes on below it.
    func finish() {
        shown.withLock { shown in
            if shown.hasBar { StandardError.draw("\n") }
            shown.hasBar = false
        }
    }

    /// How wide the terminal is now: a line that is wider would wrap, and no longer be drawn over.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private func bar(_ share: Double) -> DisplayText {
        let filled = Int(min(max(share, 0), 1) * Double(Self.barWidth))
        return "[" + style.green("\(String(repeating: "#", count: filled))")
            + "\(String(repeating: ".", count: Self.barWidth - filled))]"
    }
}

/// Which lines of progress are shown: each that says something else, and of those that differ in numbers alone one now
/// and then.
struct ProgressPace {
    private var lastLine: DisplayText = ""
    private var lastTime: Timestamp?

    private static let terminalInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(1)
    private static let numberInterval = Duration.seconds(10)

    mutating func shows(_ line: DisplayText, at now: Timestamp, onTerminal: Bool, isOver: Bool) -> Bool {
        guard line != lastLine else { return false }
        let interval =
            onTerminal
            ? Self.terminalInterval : Self.words(line) == Self.words(lastLine) ? Self.numberInterval : Self.lineInterval
        guard isOver || lastTime.map({ now - $0 >= interval }) ?? true else { return false }
        lastLine = line
        lastTime = now
        return true
    }

    private static func words(_ line: DisplayText) -> String { line.description.filter { !$0.isNumber } }
}
