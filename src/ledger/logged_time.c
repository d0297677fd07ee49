/* A time as events have it. */
#include "ledger/logged.h"

static int64_t
digits(const char *text, size_t len)
{
    int64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, months counted from March. */
static int64_t
days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

int64_t
logged_time(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (len != sizeof(form) - 1) {
        return LOGGED_NONE;
    }
    for (size_t i = 0; i < len; i++) {
        if (form[i] != '0' && form[i] != text[i]) {
            return LOGGED_NONE;
        }
    }
    int64_t year = digits(text, 4);
    int64_t month = digits(text + 5, 2);
    int64_t day = digits(text + 8, 2);
    int64_t hour = digits(text + 11, 2);
    int64_t minute = digits(text + 14, 2);
    int64_t second = digits(text + 17, 2);
    int64_t part = digits(text + 20, 3);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days[month - 1] ||
        (month == 2 && day == 29 && !leap) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 59 || part < 0) {
        return LOGGED_NONE;
    }
    return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60000 + second * 1000 + part;
}
